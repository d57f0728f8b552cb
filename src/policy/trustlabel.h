/*
 * trustlabel.h
 *		Setting and removing the label of trust (see trust.h).
 */
#ifndef CG_TRUSTLABEL_H
#define CG_TRUSTLABEL_H

#include "catalog/objectaddress.h"

/*
 * Checks a label that is to be set on a function, or removed from it (NULL), and makes
 * all sessions forget what they had compiled of the function.  Who may is not checked.
 */
extern void cg_trustlabel_check(const ObjectAddress *object, const char *label);

/*
 * After an admin's command has changed a function whose trust was not void before,
 * and a CommandCounterIncrement: the trust is in what it is now.
 */
extern void cg_trustlabel_renew(Oid function);

/* Takes back all trust, with records: for retire(). */
extern void cg_trustlabel_retire(void);

/* The commands after which the function may be called; palloc'd. */
extern char *cg_trustlabel_mend(Oid function);

#endif							/* CG_TRUSTLABEL_H */
