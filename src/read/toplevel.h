/*
 * toplevel.h
 *		Is a function called by the session's own statement?
 */
#ifndef CG_TOPLEVEL_H
#define CG_TOPLEVEL_H

/* Tells actorsession.h. */
extern void cg_toplevel_init(void);

/* Does the statement that the client has sent run, and nothing within it?  Its rows go to the client. */
extern bool cg_toplevel_is_running(void);

#endif							/* CG_TOPLEVEL_H */
