/*
 * gate.h
 *		What a trusted function may reach while it runs.
 */
#ifndef CG_GATE_H
#define CG_GATE_H

extern void cg_gate_init(void);

/*
 * Opens the gate for code that gets no stored value but runs below a trusted
 * function: the CRM's, when a verdict asks for windows.  Returns what is to be
 * given to cg_gate_close(), in a PG_FINALLY.
 */
extern int	cg_gate_open(void);
extern void cg_gate_close(int was);

#endif							/* CG_GATE_H */
