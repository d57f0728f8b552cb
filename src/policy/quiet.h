/*
 * quiet.h
 *		Messages of code that has processed stored values.
 */
#ifndef CG_QUIET_H
#define CG_QUIET_H

#include "base/special.h"

/* Installs the door for the rest of the session.  door.c sets the pointer. */
extern void (*cg_quiet_require_door) (void);

/* Only for the functions here. */
extern CG_HIDDEN bool cg_quiet_now;
extern void cg_quiet_set(void);

/*
 * While it is quiet, notices and warnings do not reach the client, except those whose
 * source quotes no value.  Code that begins inside of a quiet frame is always quiet.
 * Returns the previous state, for cg_quiet_end(), which must be called after errors, too.
 */
static inline bool
cg_quiet_begin(bool quiet)
{
	bool		before = cg_quiet_now;

	if (quiet)
		cg_quiet_set();
	return before;
}

static inline void
cg_quiet_end(bool before)
{
	cg_quiet_now = before;
}

/* Must this NoticeResponse not be sent to the client? */
extern bool cg_quiet_swallows(const char *body, size_t length);

/* For a PG_CATCH: has the current error a DETAIL? */
extern bool cg_quiet_has_detail(void);

/*
 * For the PG_CATCH of a trusted function's call: hides the parameters that
 * plpgsql.print_strict_params, which every user may set, puts into the DETAIL of the
 * current error, and replaces a message that may quote them.
 */
extern void cg_quiet_hide_parameters(void);

/*
 * For a PG_CATCH: replaces the text of the current error by one that quotes nothing,
 * unless the class of the error quotes no values or the author of a function has written
 * the text.  The SQLSTATE stays.
 */
extern void cg_quiet_replace_error(const char *message, const char *hint);

#endif							/* CG_QUIET_H */
