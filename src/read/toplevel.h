/*
 * toplevel.h
 *		Is a function called by the session's own statement?
 */
#ifndef CG_TOPLEVEL_H
#define CG_TOPLEVEL_H

/* Tells actorsession.h. */
extern void cg_toplevel_init(void);

#endif							/* CG_TOPLEVEL_H */
