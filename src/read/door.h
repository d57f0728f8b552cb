/*
 * door.h
 *		The one place through which bytes leave for the client.
 */
#ifndef CG_DOOR_H
#define CG_DOOR_H

extern void cg_door_init(void);

/* Puts it up now, before the first record. */
extern void cg_door_require(void);

#endif							/* CG_DOOR_H */
