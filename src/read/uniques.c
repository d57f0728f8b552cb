/*
 * uniques.c
 *		Unique and exclusion indexes that compare guarded values.
 *
 * A role that may INSERT can ask such an index whether a value is stored.  If it may also
 * change the row that it meets, it learns the customer, too.  A unique constraint is made
 * to do this, so it is not refused, but it is recorded:
 * - a statement that learns it without an error (ON CONFLICT by such an index, or by
 *   any; an UPDATE of one of its columns) is a look-up, even if it finds nothing.  So is
 *   an INSERT if the index is deferrable: its error comes outside of our hooks;
 * - an error of such an index is recorded and counted like a refusal.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "nodes/execnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/actor.h"
#include "base/owntables.h"
#include "base/refused.h"
#include "base/underway.h"
#include "policy/permission.h"
#include "policy/policycache.h"
#include "read/uniques.h"

/* Put into saved_errno of an error that is recorded; a finished message needs no %m. */
#define ON_RECORD 0x63676f6e

typedef struct UniqueName
{
	Oid			relid;
	char	   *relation;
	char	   *index;
} UniqueName;

static MemoryContext error_context = NULL;

/* The relation of the error that cg_uniques_told() has found; 0: not known. */
static Oid	told_by = InvalidOid;

static Bitmapset *key_columns(Relation index);
static Bitmapset *add_generated(Relation rel, Bitmapset *assigned);
static Bitmapset *columns_of_targets(List *targets, Bitmapset *columns);
static List *named_by_arbiter(const Query *query, const CgPolicy *policy);
static bool asks(const Query *query, Relation index, const Bitmapset *assigned, bool any);
static List *asked_of(const Query *query, Relation rel, const CgPolicy *policy, Bitmapset *assigned, bool any);
static List *asked_of_partitions(const Query *query, Oid relid);
static ErrorData *take_answer(void);
static bool is_error_of(const ErrorData *error, const ResultRelInfo *target);
static ErrorData *copy_error(void);
static bool is_actor_permitted(Oid relid);

/*
 * The columns of an index, as pull_varattnos() counts, with those of its predicate: a row
 * that is in the index tells something about them.  Works in memory only, since the
 * expressions of an open index have been loaded.
 */
static Bitmapset *
key_columns(Relation index)
{
	Form_pg_index form = index->rd_index;
	Bitmapset  *columns = NULL;

	for (int i = 0; i < form->indnkeyatts; i++)
		if (form->indkey.values[i] != 0)
			columns = bms_add_member(columns, form->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
	pull_varattnos((Node *) index->rd_indexprs, 1, &columns);
	pull_varattnos((Node *) index->rd_indpred, 1, &columns);
	return columns;
}

/* A statement that sets a column also sets the generated columns over it. */
static Bitmapset *
add_generated(Relation rel, Bitmapset *assigned)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	for (int i = 0; constr && constr->has_generated_stored && i < constr->num_defval; i++)
	{
		AttrDefault *value = &constr->defval[i];
		Bitmapset  *columns = NULL;

		if (TupleDescAttr(RelationGetDescr(rel), value->adnum - 1)->attgenerated == '\0')
			continue;
		pull_varattnos(stringToNode(value->adbin), 1, &columns);
		if (bms_overlap(columns, assigned))
			assigned = bms_add_member(assigned, value->adnum - FirstLowInvalidHeapAttributeNumber);
	}
	return assigned;
}

List *
cg_uniques_compared(Relation index, const CgPolicy *policy)
{
	Form_pg_index form = index->rd_index;
	Bitmapset  *columns;
	List	   *result = NIL;

	if (!form->indisunique && !form->indisexclusion)
		return NIL;
	columns = key_columns(index);
	for (int i = 0; i < policy->nguarded; i++)
		if (bms_is_member(policy->guarded[i].attnum - FirstLowInvalidHeapAttributeNumber, columns) ||
			bms_is_member(-FirstLowInvalidHeapAttributeNumber, columns))
			result = lappend_int(result, policy->guarded[i].attnum);
	return result;
}

bool
cg_uniques_tells(Form_pg_index form)
{
	const CgPolicy *policy = cg_policy_get(form->indrelid);

	if (policy == NULL || !(form->indisunique || form->indisexclusion))
		return false;
	/* The copy that REINDEX CONCURRENTLY makes tells no more than the index it replaces. */
	if (cg_underway_statement() && IsA(cg_underway_statement(), ReindexStmt))
		return false;
	for (int i = 0; i < form->indnkeyatts; i++)
		if (cg_policy_column(policy, form->indkey.values[i]) ||
			(policy->hide && form->indkey.values[i] != policy->customer))
			return true;
	return false;
}

static Bitmapset *
columns_of_targets(List *targets, Bitmapset *columns)
{
	ListCell   *lc;

	foreach(lc, targets)
		if (!lfirst_node(TargetEntry, lc)->resjunk)
			columns = bms_add_member(columns, lfirst_node(TargetEntry, lc)->resno -
									 FirstLowInvalidHeapAttributeNumber);
	return columns;
}

Bitmapset *
cg_uniques_assigned(const Query *query)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	if (query->commandType == CMD_UPDATE)
		columns = columns_of_targets(query->targetList, columns);
	if (query->onConflict)
		columns = columns_of_targets(query->onConflict->onConflictSet, columns);
	foreach(lc, query->mergeActionList)
		if (lfirst_node(MergeAction, lc)->commandType == CMD_UPDATE)
			columns = columns_of_targets(lfirst_node(MergeAction, lc)->targetList, columns);
	return columns;
}

/* ON CONFLICT (columns) uses the indexes on exactly these columns. */
static List *
named_by_arbiter(const Query *query, const CgPolicy *policy)
{
	OnConflictExpr *conflict = query->onConflict;
	Bitmapset  *columns = NULL;
	List	   *result = NIL;

	if (OidIsValid(conflict->constraint))
	{
		Relation	index = index_open(get_constraint_index(conflict->constraint), AccessShareLock);

		result = cg_uniques_compared(index, policy);
		index_close(index, AccessShareLock);
		return result;
	}
	pull_varattnos((Node *) conflict->arbiterElems, query->resultRelation, &columns);
	pull_varattnos(conflict->arbiterWhere, query->resultRelation, &columns);
	for (int i = 0; i < policy->nguarded; i++)
		if (bms_is_member(policy->guarded[i].attnum - FirstLowInvalidHeapAttributeNumber, columns) ||
			bms_is_member(-FirstLowInvalidHeapAttributeNumber, columns))
			result = lappend_int(result, policy->guarded[i].attnum);
	return result;
}

static bool
asks(const Query *query, Relation index, const Bitmapset *assigned, bool any)
{
	if (any || bms_overlap(key_columns(index), assigned))
		return true;
	return !index->rd_index->indimmediate && query->commandType != CMD_UPDATE;
}

/* policy and assigned: those of rel itself. */
static List *
asked_of(const Query *query, Relation rel, const CgPolicy *policy, Bitmapset *assigned, bool any)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		List	   *compared;

		(void) RelationGetIndexExpressions(index);
		(void) RelationGetIndexPredicate(index);
		compared = cg_uniques_compared(index, policy);
		if (compared != NIL && asks(query, index, assigned, any))
			result = list_concat_unique_int(result, compared);
		index_close(index, NoLock);
	}
	return result;
}

List *
cg_uniques_asked(const Query *query)
{
	RangeTblEntry *rte = rt_fetch(query->resultRelation, query->rtable);
	OnConflictExpr *conflict = query->onConflict;
	const CgPolicy *policy = cg_policy_get(rte->relid);
	bool		any = conflict && conflict->arbiterElems == NIL && !OidIsValid(conflict->constraint);
	Bitmapset  *assigned;
	Relation	rel;
	List	   *result;

	if (policy == NULL || policy->broken)
		return NIL;
	assigned = cg_uniques_assigned(query);
	result = conflict && !any ? named_by_arbiter(query, policy) : NIL;
	rel = table_open(rte->relid, NoLock);
	assigned = add_generated(rel, assigned);
	result = list_concat_unique_int(result, asked_of(query, rel, cg_policy_get(rte->relid), assigned, any));
	table_close(rel, NoLock);
	/* A partition may have such an index of its own. */
	if (any && rte->relkind == RELKIND_PARTITIONED_TABLE)
		result = list_concat_unique_int(result, asked_of_partitions(query, rte->relid));
	return result;
}

static List *
asked_of_partitions(const Query *query, Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *column;

	foreach(lc, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));
		Relation	rel;

		if (lfirst_oid(lc) == relid || policy == NULL || policy->broken)
			continue;
		rel = table_open(lfirst_oid(lc), NoLock);
		foreach(column, asked_of(query, rel, cg_policy_get(lfirst_oid(lc)), NULL, true))
		{
			AttrNumber	attnum = get_attnum(relid, get_attname(lfirst_oid(lc), lfirst_int(column), false));

			/* A column that only the partition guards is not part of the target's record. */
			if (cg_policy_column(cg_policy_get(relid), attnum))
				result = list_append_unique_int(result, attnum);
		}
		table_close(rel, NoLock);
	}
	return result;
}

List *
cg_uniques_names(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *of;

	foreach(lc, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		Relation	rel;
		char	   *name = get_rel_name(lfirst_oid(lc));

		if (cg_policy_get(lfirst_oid(lc)) == NULL)
			continue;
		rel = table_open(lfirst_oid(lc), NoLock);
		foreach(of, RelationGetIndexList(rel))
		{
			Relation	index = index_open(lfirst_oid(of), AccessShareLock);
			UniqueName *entry = palloc(sizeof(UniqueName));

			(void) RelationGetIndexExpressions(index);
			(void) RelationGetIndexPredicate(index);
			*entry = (UniqueName) {lfirst_oid(lc), name, pstrdup(RelationGetRelationName(index))};
			if (cg_uniques_compared(index, cg_policy_get(lfirst_oid(lc))) != NIL)
				result = lappend(result, entry);
			index_close(index, NoLock);
		}
		table_close(rel, NoLock);
	}
	return result;
}

/* A copy of the current error in a context of our own, valid until the next call. */
static ErrorData *
copy_error(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ErrorData  *error;

	if (error_context == NULL)
		error_context = AllocSetContextCreate(TopMemoryContext, "contact_guard unique violation",
											  ALLOCSET_SMALL_SIZES);
	MemoryContextReset(error_context);
	MemoryContextSwitchTo(error_context);
	error = CopyErrorData();
	MemoryContextSwitchTo(oldcontext);
	return error;
}

/* A copy of the current error if an index has thrown it and it is not recorded, or NULL. */
static ErrorData *
take_answer(void)
{
	ErrorData  *error;

	if (geterrcode() != ERRCODE_UNIQUE_VIOLATION && geterrcode() != ERRCODE_EXCLUSION_VIOLATION)
		return NULL;
	error = copy_error();
	if (error->saved_errno != ON_RECORD && error->table_name && error->constraint_name)
		return error;
	return NULL;
}

/* The session may not know the policy of a partition; then the policy of its root counts. */
static bool
is_error_of(const ErrorData *error, const ResultRelInfo *target)
{
	Relation	rel = target->ri_RelationDesc;
	const CgPolicy *policy = cg_policycache_peek(RelationGetRelid(rel));
	bool		by_root = (policy == NULL || policy->nguarded == 0) && target->ri_RootResultRelInfo;

	if (by_root)
		policy = cg_policycache_peek(RelationGetRelid(target->ri_RootResultRelInfo->ri_RelationDesc));
	if (policy == NULL || policy->nguarded == 0 || strcmp(RelationGetRelationName(rel), error->table_name) != 0)
		return false;
	told_by = policy->relid;
	for (int i = 0; i < target->ri_NumIndices; i++)
	{
		Relation	index = target->ri_IndexRelationDescs[i];

		if (index && strcmp(RelationGetRelationName(index), error->constraint_name) == 0)
			return by_root || cg_uniques_compared(index, policy) != NIL;
	}
	return false;
}

bool
cg_uniques_told(QueryDesc *query)
{
	ErrorData  *error = query->estate ? take_answer() : NULL;
	bool		result = false;
	ListCell   *lc;

	if (error == NULL)
		return false;
	foreach(lc, query->estate->es_opened_result_relations)
		result |= !result && is_error_of(error, lfirst(lc));
	foreach(lc, query->estate->es_tuple_routing_result_relations)
		result |= !result && is_error_of(error, lfirst(lc));
	return result;
}

bool
cg_uniques_told_command(List *names)
{
	ErrorData  *error = names == NIL ? NULL : take_answer();
	bool		result = false;
	ListCell   *lc;

	if (error == NULL)
		return false;
	foreach(lc, names)
	{
		UniqueName *name = lfirst(lc);

		if (strcmp(name->relation, error->table_name) == 0 && strcmp(name->index, error->constraint_name) == 0)
		{
			told_by = name->relid;
			result = true;
		}
	}
	return result;
}

static bool
is_actor_permitted(Oid relid)
{
	CgActor		actor = cg_actor_current();
	const CgPolicy *policy = cg_policy_get(relid);
	CgPermission permission = {0};

	if (policy)
		permission = cg_permission_of(&actor, policy);
	return cg_permission_is_whole(&permission);
}

/*
 * An index that has thrown this error holds no lock on its pages: it has looked up the
 * names of its columns for the message.  So catalogs can be read here.
 */
void
cg_uniques_rethrow(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ErrorData  *error = copy_error();
	uint32		holdoff = InterruptHoldoffCount;

	FlushErrorState();
	MemoryContextSwitchTo(error_context);
	HOLD_INTERRUPTS();
	PG_TRY();
	{
		if (!cg_owntables_is_writing() && !is_actor_permitted(told_by))
			cg_refused_record(error, true);
	}
	PG_CATCH();
	{
		FlushErrorState();
	}
	PG_END_TRY();
	InterruptHoldoffCount = holdoff;
	MemoryContextSwitchTo(oldcontext);
	error->saved_errno = ON_RECORD;
	ReThrowError(error);
}
