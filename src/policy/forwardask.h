/*
 * forwardask.h
 *		A session of a standby asks the primary who may see what.
 *
 * Each function throws ERROR if the primary does not answer: see journal/forward.h.
 */
#ifndef CG_FORWARDASK_H
#define CG_FORWARDASK_H

#include "policy/ask.h"
#include "policy/permission.h"

/* Asks for windows in all interventions relations, as cg_ask_run() does in one. */
extern void cg_forwardask_windows(const CgActor *actor, CgAsk ask, const char *customer,
								  CgWindowCallback callback, void *context);

/*
 * A permission that the actor has by the standby's tables: takes it away unless it is there on
 * the primary, too, and takes its purpose from there.
 */
extern void cg_forwardask_permission(const CgActor *actor, Oid relid, CgPermission *permission);

/* An execution ends: the next one asks for permissions again. */
extern void cg_forwardask_forget(void);

#endif							/* CG_FORWARDASK_H */
