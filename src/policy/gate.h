/*
 * gate.h
 *		The gate: restricts the functions that may run below a trusted function or a
 *		question for windows.
 */
#ifndef CG_GATE_H
#define CG_GATE_H

#include "fmgr.h"

extern void cg_gate_init(void);

/*
 * Code between the two calls runs below the gate, as if a trusted function called it: the
 * question for windows, whose answer decides which values are shown.  Pass the result to
 * cg_gate_leave(), in a PG_FINALLY.
 */
extern int	cg_gate_enter(void);
extern void cg_gate_leave(int was);

/* The call of a trusted function that is innermost: a number of this session, or 0. */
extern uint64 cg_gate_call(void);

/* What PostgreSQL calls its function by; NULL if there is no such call. */
extern const FmgrInfo *cg_gate_function(void);

/* Has the gate refused a function since it was last entered or left? */
extern bool cg_gate_has_refused(void);

#endif							/* CG_GATE_H */
