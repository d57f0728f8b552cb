/*
 * instep.c
 *		Trusted triggers that keep a second guarded table in step with the first.
 *
 * Whether a write of a value is refused could tell whether the value is the stored one.  So
 * the value must be one that the actor has not chosen.  Anybody may hang a trusted function
 * on a table of his own, and have it write his guess, and an INSERT contains what its actor
 * likes.  But an UPDATE of a guarded table changes a guarded column only where its actor is
 * shown the value, so NEW has what is stored.  What is stored of one customer could be a
 * guess about another one, so the row that fired the trigger must be the same customer's.
 *
 * The gate knows the call of the trusted function, by the FmgrInfo that PostgreSQL keeps
 * with the one of the trigger (struct fmgr_security_definer_cache, whose first member it
 * is).  If it were elsewhere, no trigger would be found, and the write would be refused.
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "base/customerkey.h"
#include "policy/gate.h"
#include "policy/policy.h"
#include "read/around.h"
#include "read/instep.h"

static ResultRelInfo *relation_of_trigger(const List *relations, const FmgrInfo *function);
static ResultRelInfo *find_fired(const EState *estate, const FmgrInfo *function);
static bool is_of_customer(const ResultRelInfo *relation, const char *customer);

/* The relation whose row trigger calls that function, or NULL. */
static ResultRelInfo *
relation_of_trigger(const List *relations, const FmgrInfo *function)
{
	ListCell   *lc;

	foreach(lc, relations)
	{
		ResultRelInfo *relation = lfirst(lc);
		int			count = relation->ri_TrigDesc ? relation->ri_TrigDesc->numtriggers : 0;

		for (int i = 0; i < count; i++)
			if (relation->ri_TrigFunctions[i].fn_extra == (const void *) function &&
				TRIGGER_FOR_ROW(relation->ri_TrigDesc->triggers[i].tgtype))
				return relation;
	}
	return NULL;
}

static ResultRelInfo *
find_fired(const EState *estate, const FmgrInfo *function)
{
	ResultRelInfo *result = relation_of_trigger(estate->es_opened_result_relations, function);

	if (result == NULL)
		result = relation_of_trigger(estate->es_tuple_routing_result_relations, function);
	if (result == NULL)
		result = relation_of_trigger(estate->es_trig_target_relations, function);
	return result;
}

/* Was the row that fired the trigger, as it was before, this customer's? */
static bool
is_of_customer(const ResultRelInfo *relation, const char *customer)
{
	const CgPolicy *policy = cg_policy_get(RelationGetRelid(relation->ri_RelationDesc));
	TupleTableSlot *slot = relation->ri_TrigOldSlot;
	Datum		key;
	char	   *text;
	bool		isnull;

	if (policy == NULL || policy->broken || policy->customer == InvalidAttrNumber || slot == NULL || TTS_EMPTY(slot))
		return false;
	key = slot_getattr(slot, policy->customer, &isnull);
	if (isnull)
		return false;
	text = cg_customerkey_text(key, getBaseType(get_atttype(policy->relid, policy->customer)));
	return text != NULL && strcmp(text, customer) == 0;
}

bool
cg_instep_is_update(const char *customer)
{
	const FmgrInfo *function = cg_gate_function();

	if (function == NULL)
		return false;
	for (const CgAround *around = cg_around_innermost(); around; around = around->outer)
	{
		ResultRelInfo *relation = around->query && around->query->estate ?
			find_fired(around->query->estate, function) : NULL;

		/* A CTE of the statement could insert the row. */
		if (relation)
			return around->query->plannedstmt->commandType == CMD_UPDATE &&
				!around->query->plannedstmt->hasModifyingCTE && is_of_customer(relation, customer);
	}
	return false;
}
