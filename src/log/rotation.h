/*
 * rotation.h
 *		rotate_journal_key(): the journal gets a new key at once.
 */
#ifndef CG_ROTATION_H
#define CG_ROTATION_H

#include "access/xlogdefs.h"

/*
 * Makes a new key, if a session has asked for one, and a record of it as soon as all that an
 * earlier key has sealed is stored: messages before this position are.  Only the recorder
 * calls it, outside of a transaction and between two batches.
 */
extern void cg_rotation_perform(XLogRecPtr stored);

/*
 * The recorder leaves, by an error or in another way: if sessions wait for it, they go on.
 * Throws nothing, and reads no table.
 */
extern void cg_rotation_leave(void);

#endif							/* CG_ROTATION_H */
