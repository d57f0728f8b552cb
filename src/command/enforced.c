/*
 * enforced.c
 *		Constraints of a relation that exist already, and are made to count for its rows.
 *
 * NOT VALID and NOT ENFORCED let a constraint exist before the rows fulfil it.  A later
 * command has the rows checked, and how PostgreSQL does that depends on the constraint:
 *
 * - A foreign key is checked by a query, which our rewrite sees.  So hidden rows would be
 *   left out, and the constraint would be called valid although they do not fulfil it; or
 *   rows would seem to refer to nothing, because what they refer to is hidden.
 * - A check and NOT NULL are checked by a scan that passes no rewrite.  It is complete.  But
 *   its error tells that a hidden row does not fulfil a check, so it is for admins and for
 *   who sees all rows.  NOT NULL is free, as SET NOT NULL is.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "command/ddl.h"
#include "command/enforced.h"
#include "command/foreignkeys.h"
#include "compat.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/touches.h"

static HeapTuple constraint_of(Oid relid, const char *name);
static void require_visible(Oid relid, bool admin);

/* The row of the relation's constraint, palloc'd; NULL if there is none, and the command will say so. */
static HeapTuple
constraint_of(Oid relid, const char *name)
{
	Oid			constraint = name ? get_relation_constraint_oid(relid, name, true) : InvalidOid;

	return OidIsValid(constraint) ? SearchSysCacheCopy1(CONSTROID, ObjectIdGetDatum(constraint)) : NULL;
}

static void
require_visible(Oid relid, bool admin)
{
	const CgPolicy *policy = cg_policy_get(relid);

	if (policy && policy->hide && !admin && !cg_planassume_sees_all(relid))
		cg_ddl_refuse(relid, "validate a check constraint of");
}

void
cg_enforced_decide(const AlterTableCmd *command, Oid relid, const List *family, bool admin)
{
	const char *name = cg_compat_enforces(command) ? cg_compat_enforced_name(command) : command->name;
	HeapTuple	tuple = constraint_of(relid, name);
	Form_pg_constraint form = tuple ? (Form_pg_constraint) GETSTRUCT(tuple) : NULL;
	ListCell   *lc;

	if (form == NULL)
		return;
	foreach(lc, family)
	{
		if (form->contype == CONSTRAINT_FOREIGN)
			cg_foreignkeys_require_all_rows(lfirst_oid(lc));
		else if (form->contype == CONSTRAINT_CHECK)
			require_visible(lfirst_oid(lc), admin);
	}
	if (form->contype == CONSTRAINT_FOREIGN)
		foreach(lc, find_all_inheritors(form->confrelid, NoLock, NULL))
			cg_foreignkeys_require_all_rows(lfirst_oid(lc));
}

bool
cg_enforced_is_awoken(const Constraint *constraint, Oid relid)
{
	HeapTuple	tuple = constraint_of(relid, constraint->conname);
	Form_pg_constraint form = tuple ? (Form_pg_constraint) GETSTRUCT(tuple) : NULL;

	return form && form->contype == CONSTRAINT_CHECK && !cg_compat_is_enforced_constraint(form) &&
		cg_touches_expression(relid, cg_catalog_expression(tuple, ConstraintRelationId, Anum_pg_constraint_conbin));
}
