/*
 * quiet.h
 *		Messages of code that has met stored values.
 */
#ifndef CG_QUIET_H
#define CG_QUIET_H

/*
 * Has the door look at what leaves, from now on in this session.  door.c sets it;
 * NULL while there is no door.
 */
extern void (*cg_quiet_require_door) (void);

/*
 * While it is quiet, notices and warnings do not reach the client but those whose
 * source quotes no value.  Whoever begins within a frame that is quiet is quiet, too,
 * whatever it asks for.  Gives back what was before, for cg_quiet_end(), which must be
 * called after errors, too.
 */
extern bool cg_quiet_begin(bool quiet);
extern void cg_quiet_end(bool before);

/* Is this NoticeResponse, on its way to the client, to be left out? */
extern bool cg_quiet_swallows(const char *body, size_t length);

/* In a PG_CATCH: has the error on its way a DETAIL? */
extern bool cg_quiet_has_detail(void);

/*
 * In the PG_CATCH of a trusted function's call: takes out of the error on its way what
 * plpgsql.print_strict_params, which everybody may set, puts into DETAIL, and what the
 * message may quote of the values that it was called with.
 */
extern void cg_quiet_hide_parameters(void);

/*
 * In a PG_CATCH: gives the error on its way a text that quotes nothing, unless its
 * class never quotes or a function's author has written it.  Its SQLSTATE stays.
 */
extern void cg_quiet_replace_error(const char *message, const char *hint);

#endif							/* CG_QUIET_H */
