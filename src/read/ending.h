/*
 * ending.h
 *		The records of an execution that ends with an error.
 */
#ifndef CG_ENDING_H
#define CG_ENDING_H

#include "read/reads.h"

/*
 * Makes them, and settles them, unless the error goes only to the client, behind the door.  True:
 * they are lost on their way to the primary, so nobody may see the error.  May throw another one: on
 * a standby a cancel ends the wait for the primary.
 */
extern bool cg_ending_by_error(CgReads *reads, bool behind_door);

#endif							/* CG_ENDING_H */
