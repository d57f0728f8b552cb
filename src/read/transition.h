/*
 * transition.h
 *		Transition tables that show their stored values: those of a trusted trigger.
 *
 * An admin who trusts the function of a trigger has read what it does with stored values.
 * A row trigger gets them in OLD and NEW, so a trigger with REFERENCING gets them in its
 * transition tables, without a record.
 */
#ifndef CG_TRANSITION_H
#define CG_TRANSITION_H

#include "executor/execdesc.h"

/* Call it when ExecutorStart has made the execution's state. */
extern void cg_transition_note(QueryDesc *query);

/*
 * Does the innermost execution read transition tables of the trusted function that is
 * under way?  Not if it began outside of that call.
 */
extern bool cg_transition_is_trusted(void);

#endif							/* CG_TRANSITION_H */
