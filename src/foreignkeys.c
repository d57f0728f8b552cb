/*
 * foreignkeys.c
 *		Foreign keys on guarded relations.
 *
 * On guarded columns they are refused to everybody: referential integrity runs
 * queries, which would look for masks.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "assume.h"
#include "foreignkeys.h"
#include "policy.h"

static void check_key_columns(Oid relid, List *names);

/* Is one of these columns guarded? */
static void
check_key_columns(Oid relid, List *names)
{
	const CgPolicy *policy = OidIsValid(relid) ? cg_policy_get(relid) : NULL;
	ListCell   *lc;

	foreach(lc, names)
	{
		AttrNumber	attnum = policy ? get_attnum(policy->relid, strVal(lfirst(lc))) : InvalidAttrNumber;

		if (attnum != InvalidAttrNumber && cg_policy_column(policy, attnum))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("guarded column \"%s\" of relation \"%s\" cannot take part in a foreign key",
							strVal(lfirst(lc)), get_rel_name(relid))));
	}
}

/* The first check of a foreign key is a query like any other, and would miss rows. */
void
cg_foreignkeys_require_all_rows(Oid relid)
{
	const CgPolicy *policy = OidIsValid(relid) ? cg_policy_get(relid) : NULL;

	if (policy && policy->hide && !cg_assume_sees_all(relid))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("rows of relation \"%s\" are hidden, and a foreign key would not be checked against them",
						get_rel_name(relid)),
				 errhint("Use a role with a standing permission: see contact_guard.allow().")));
}

void
cg_foreignkeys_check(Oid relid, Constraint *constraint)
{
	Oid			referenced;

	if (constraint->contype != CONSTR_FOREIGN)
		return;
	referenced = constraint->pktable ? RangeVarGetRelid(constraint->pktable, NoLock, true) : InvalidOid;
	/* That of a new table, or NOT VALID, checks nothing yet. */
	if (!constraint->skip_validation)
	{
		cg_foreignkeys_require_all_rows(relid);
		if (OidIsValid(referenced))
			cg_foreignkeys_require_all_rows(referenced);
	}
	check_key_columns(relid, constraint->fk_attrs);
	check_key_columns(referenced, constraint->pk_attrs);
}
