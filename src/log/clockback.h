/*
 * clockback.h
 *		A clock that is set back is a record.  Only the recorder calls these functions.
 */
#ifndef CG_CLOCKBACK_H
#define CG_CLOCKBACK_H

/* Takes the times that the log has for ones that the clock has shown. */
extern void cg_clockback_load(void);

/* Makes a record if the clock has gone back.  Call it outside of a transaction. */
extern void cg_clockback_tell(void);

#endif							/* CG_CLOCKBACK_H */
