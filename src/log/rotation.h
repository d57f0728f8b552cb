/*
 * rotation.h
 *		rotate_journal_key(): the journal gets a new key at once.
 */
#ifndef CG_ROTATION_H
#define CG_ROTATION_H

/*
 * Makes a new key, if a session has asked for one.  Only the recorder calls it, outside of
 * a transaction and between two batches.
 */
extern void cg_rotation_perform(void);

#endif							/* CG_ROTATION_H */
