/*
 * trustlabel.h
 *		Setting and removing the label of trust (see trust.h).
 */
#ifndef CG_TRUSTLABEL_H
#define CG_TRUSTLABEL_H

#include "catalog/objectaddress.h"

/*
 * Checks a label that will be set on a function (NULL: removed from it), and makes all
 * sessions compile the function again.  Does not check privileges.
 */
extern void cg_trustlabel_check(const ObjectAddress *object, const char *label);

/*
 * Call it after an admin's command has changed a function whose trust was not void
 * before, and after a CommandCounterIncrement: the trust is now in the new definition.
 */
extern void cg_trustlabel_renew(Oid function);

/* Takes back all trust, with records: for retire(). */
extern void cg_trustlabel_retire(void);

/* The commands that make the function trusted, for a hint; palloc'd. */
extern char *cg_trustlabel_mend(Oid function);

#endif							/* CG_TRUSTLABEL_H */
