/*
 * quiet.h
 *		Messages of code that has met stored values.
 */
#ifndef CG_QUIET_H
#define CG_QUIET_H

/*
 * While it is quiet, notices and warnings do not reach the client but those whose
 * source quotes no value.  Gives back what was before, for cg_quiet_end(), which
 * must be called after errors, too.
 */
extern bool cg_quiet_begin(bool quiet);
extern void cg_quiet_end(bool before);

/* Is this NoticeResponse, on its way to the client, to be left out? */
extern bool cg_quiet_swallows(const char *body, size_t length);

/*
 * In a PG_CATCH: gives the error on its way a text that quotes nothing, unless its
 * class never quotes or a function's author has written it.  Its SQLSTATE stays.
 */
extern void cg_quiet_replace_error(const char *message, const char *hint);

#endif							/* CG_QUIET_H */
