/*
 * accessrules.h
 *		Decisions on objects when PostgreSQL creates or changes them.
 */
#ifndef CG_ACCESSRULES_H
#define CG_ACCESSRULES_H

#include "catalog/objectaccess.h"

typedef struct CgAccess
{
	ObjectAccessType access;	/* OAT_POST_CREATE or OAT_POST_ALTER */
	Oid			object;
	int			column;			/* 0: the whole object */
	Oid			auxiliary;		/* for inheritance: the parent */
	bool		is_internal;	/* a change that PostgreSQL makes itself */
} CgAccess;

/*
 * One rule for each class of objects.  ERROR insufficient_privilege if only a member of
 * contact_guard_admin may make the object on a guarded relation; feature_not_supported if
 * no role may.
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

/* Refuses nothing.  Makes PostgreSQL plan anew, since plans do not know the new cast. */
extern void cg_accessrules_cast(const CgAccess *event);

/* ERROR insufficient_privilege if the role may not drop this row-security policy. */
extern void cg_accessrules_drop_policy(Oid policy);

#endif							/* CG_ACCESSRULES_H */
