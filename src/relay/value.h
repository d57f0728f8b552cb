/*
 * value.h
 *		Reads a number to call from its table.
 */
#ifndef CG_VALUE_H
#define CG_VALUE_H

#include "relay/contacts.h"

/*
 * The number of the contact's customer as of the latest commit, as digits behind an optional
 * plus sign, palloc'd.  NULL if the customer has none, or several, or what is stored is no
 * number of a person.  The caller holds a lock on the relation and has asked its policy.
 */
extern char *cg_value_number(const CgContact *contact);

#endif							/* CG_VALUE_H */
