/*
 * door.h
 *		The door: the one place through which bytes leave for the client.
 */
#ifndef CG_DOOR_H
#define CG_DOOR_H

extern void cg_door_init(void);

/* Installs the door now, before the session's first record. */
extern void cg_door_require(void);

#endif							/* CG_DOOR_H */
