/*
 * keycheck.h
 *		Are the keys that sign checkpoints there?  The launcher looks when it starts, and
 *		when the configuration is reloaded.
 */
#ifndef CG_KEYCHECK_H
#define CG_KEYCHECK_H

/*
 * Looks, if it has not looked yet, or has found a problem some seconds ago.  Says in the
 * server log, and in shared memory for status(), why no checkpoint can be signed, and when
 * that has ended.  Only the launcher calls it, outside of recovery.
 */
extern void cg_keycheck_look(void);

/* The next call looks. */
extern void cg_keycheck_forget(void);

#endif							/* CG_KEYCHECK_H */
