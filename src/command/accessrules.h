/*
 * accessrules.h
 *		Decisions on objects as PostgreSQL makes and changes them.
 */
#ifndef CG_ACCESSRULES_H
#define CG_ACCESSRULES_H

#include "catalog/objectaccess.h"

typedef struct CgAccess
{
	ObjectAccessType access;	/* OAT_POST_CREATE or OAT_POST_ALTER */
	Oid			object;
	int			column;			/* or 0 */
	Oid			auxiliary;		/* of inheritance, the parent */
	bool		is_internal;	/* PostgreSQL's own doing */
} CgAccess;

/*
 * One for each class: ERROR insufficient_privilege for what only a member of
 * contact_guard_admin may make on a guarded relation, feature_not_supported for
 * what nobody may.
 */
extern void cg_accessrules_trigger(const CgAccess *event);
extern void cg_accessrules_rule(const CgAccess *event);
extern void cg_accessrules_policy(const CgAccess *event);
extern void cg_accessrules_statistics(const CgAccess *event);
extern void cg_accessrules_constraint(const CgAccess *event);
extern void cg_accessrules_default(const CgAccess *event);
extern void cg_accessrules_relation(const CgAccess *event);
extern void cg_accessrules_function(const CgAccess *event);
extern void cg_accessrules_index(const CgAccess *event);

/* Refuses nothing: plans that know of no such cast are made anew. */
extern void cg_accessrules_cast(const CgAccess *event);

/* DROP POLICY, by whom it is not for: ERROR insufficient_privilege. */
extern void cg_accessrules_drop_policy(Oid policy);

#endif							/* CG_ACCESSRULES_H */
