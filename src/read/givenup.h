/*
 * givenup.h
 *		What the client of a standby gets when records are lost on the way to the primary.
 */
#ifndef CG_GIVENUP_H
#define CG_GIVENUP_H

#include "lib/stringinfo.h"

/*
 * Takes out of the messages that the door holds, from one on, whatever may depend on a guarded
 * value, and puts the error that says why in the place of each error.  False, with nothing
 * changed, if a statement that has lost its rows seems to have succeeded, or if there is no
 * memory.  Throws nothing.
 */
extern bool cg_givenup_filter(StringInfo held, int from);

#endif							/* CG_GIVENUP_H */
