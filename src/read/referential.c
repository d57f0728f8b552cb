/*
 * referential.c
 *		Customer keys that the action of a foreign key sets.
 *
 * The action is a rule of the table itself: whoever may delete a customer may leave rows
 * without one.  Such rows are shown to standing permissions only, so SET NULL gives nothing
 * away.
 *
 * ON UPDATE CASCADE gives rows to another customer.  Somebody with an open intervention at
 * customer 7 could rename customer 7, and then 42 to 7, and read the rows that were those
 * of 42.  So the referenced column must be the customer key of a guarded relation, too:
 * keep() has decided there who may change it.  SET DEFAULT takes its value from an
 * expression that may depend on a setting, so it passes only if the default is NULL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "policy/policy.h"
#include "read/execution.h"
#include "read/referential.h"

static bool gives_guarded_key(const ForeignKeyCacheInfo *key, int i);

bool
cg_referential_is_action(void)
{
	return cg_execution_is_foreign_key_check(true);
}

/* Does column i of the foreign key get only what a guarded customer key was changed to? */
static bool
gives_guarded_key(const ForeignKeyCacheInfo *key, int i)
{
	const CgPolicy *policy = cg_policy_get(key->confrelid);
	HeapTuple	tuple;
	bool		result;

	if (policy == NULL || policy->broken || policy->customer != key->confkey[i])
		return false;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(key->conoid));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_constraint) GETSTRUCT(tuple))->confupdtype == FKCONSTR_ACTION_CASCADE &&
		((Form_pg_constraint) GETSTRUCT(tuple))->confdeltype != FKCONSTR_ACTION_SETDEFAULT;
	ReleaseSysCache(tuple);
	return result;
}

bool
cg_referential_may_give(Oid relid, AttrNumber key)
{
	Relation	rel = RelationIdGetRelation(relid);
	bool		result = false;
	bool		others = false;
	ListCell   *lc;

	foreach(lc, RelationIsValid(rel) ? RelationGetFKeyList(rel) : NIL)
	{
		ForeignKeyCacheInfo *info = lfirst(lc);

		for (int i = 0; i < info->nkeys; i++)
		{
			if (info->conkey[i] != key)
				continue;
			if (gives_guarded_key(info, i))
				result = true;
			else
				others = true;
		}
	}
	if (RelationIsValid(rel))
		RelationClose(rel);
	return result && !others;
}
