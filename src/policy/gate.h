/*
 * gate.h
 *		What a trusted function, or a question for windows, may reach while it runs.
 */
#ifndef CG_GATE_H
#define CG_GATE_H

extern void cg_gate_init(void);

/*
 * What follows runs below the gate, as if a trusted function called it: the question
 * for windows, whose answer decides what is shown.  Returns what is to be given to
 * cg_gate_leave(), in a PG_FINALLY.
 */
extern int	cg_gate_enter(void);
extern void cg_gate_leave(int was);

/* Has it refused a function since it was entered or left last? */
extern bool cg_gate_has_refused(void);

#endif							/* CG_GATE_H */
