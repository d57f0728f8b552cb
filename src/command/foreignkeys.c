/*
 * foreignkeys.c
 *		Foreign keys on guarded relations.
 *
 * Foreign keys on guarded columns are refused for every role: referential integrity runs
 * queries, and these would look for masks.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/refused.h"
#include "command/foreignkeys.h"
#include "policy/planassume.h"
#include "policy/policy.h"

static void check_key_columns(Oid relid, HeapTuple constraint, int column);

/* ERROR if one of these columns is guarded. */
static void
check_key_columns(Oid relid, HeapTuple constraint, int column)
{
	const CgPolicy *policy = cg_policy_get(relid);
	bool		isnull;
	Datum		datum;
	ArrayType  *keys;

	if (policy == NULL)
		return;
	datum = SysCacheGetAttr(CONSTROID, constraint, column, &isnull);
	if (isnull)
		return;
	keys = DatumGetArrayTypeP(datum);
	for (int i = 0; i < ARR_DIMS(keys)[0]; i++)
	{
		AttrNumber	attnum = ((int16 *) ARR_DATA_PTR(keys))[i];

		if (cg_policy_column(policy, attnum))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("guarded column \"%s\" of relation \"%s\" cannot take part in a foreign key",
							get_attname(relid, attnum, false), get_rel_name(relid)),
					 cg_refused_relation(relid, attnum)));
	}
}

/* The first check of a foreign key is an ordinary query, so it would miss hidden rows. */
void
cg_foreignkeys_require_all_rows(Oid relid)
{
	const CgPolicy *policy = OidIsValid(relid) ? cg_policy_get(relid) : NULL;

	if (policy && policy->hide && !cg_planassume_sees_all(relid))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("rows of relation \"%s\" are hidden, and a foreign key would not be checked against them",
						get_rel_name(relid)),
				 cg_refused_relation(relid, InvalidAttrNumber),
				 errhint("Use a role with a standing permission: see contact_guard.allow().")));
}

void
cg_foreignkeys_decide(HeapTuple constraint, bool is_empty)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(constraint);

	check_key_columns(form->conrelid, constraint, Anum_pg_constraint_conkey);
	check_key_columns(form->confrelid, constraint, Anum_pg_constraint_confkey);
	/* For a new table, or with NOT VALID, nothing is checked yet. */
	if (!form->convalidated || is_empty)
		return;
	cg_foreignkeys_require_all_rows(form->conrelid);
	cg_foreignkeys_require_all_rows(form->confrelid);
}
