/*
 * retire.h
 *		retire(): takes back all policies of a database.
 */
#ifndef CG_RETIRE_H
#define CG_RETIRE_H

/* ERROR unless the caller may drop the extension, and no policy and no trust are left. */
extern void cg_retire_require_done(void);

#endif							/* CG_RETIRE_H */
