/*
 * combined.c
 *		Definitions of a relation that combine guarded columns with others.
 *
 * CHECK (phone <> fax) compares a stored phone with a fax that somebody sets who is not
 * shown the phone.  He guesses it, in an exception block that rolls back, and the error
 * tells that he was right; that there is no error tells that he was wrong.  The same can
 * be had of the condition of a trigger, of the bounds of a partition, and of whatever
 * fails on some values only: an expression of an index or of a generated column.
 *
 * That is what honest checks are for, so it is not refused, but it is a record, as with
 * unique indexes (uniques.c): an UPDATE that sets a column with which such a definition
 * compares a guarded one is a look-up, whatever comes of it.  The record is made when the
 * statement begins, so it does not depend on the error, its class or who catches it.
 *
 * What tells nothing does not count:
 * - a new row of an INSERT, all of whose values are the writer's;
 * - a guarded column or the customer key as what is set: keep() refuses to replace them,
 *   but for those who are shown the row;
 * - whether a guarded value is NULL, which masks do not hide, but for the mask "null";
 * - OLD and NEW of one column in the condition of a trigger;
 * - row-security policies and conditions of views: the rewrite has them see masks.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/reltrigger.h"

#include "policy/policy.h"
#include "policy/policycache.h"
#include "read/combined.h"
#include "read/quoting.h"
#include "read/uniques.h"

/* Among "others" of what is kept: all of them.  It is the number of no column. */
#define ANY_COLUMN 0

/* What is collected of one relation. */
typedef struct Survey
{
	Relation	rel;
	AttrNumber	customer;
	Bitmapset  *guarded;
	Bitmapset  *null_masked;	/* those of them of which NULL tells something */
	Bitmapset  *columns;		/* of the definition under way */
	List	   *found;			/* of CgCombined */
} Survey;

typedef struct Kept
{
	Oid			relid;			/* key */
	uint64		invalidations;	/* it knows of */
	MemoryContext context;		/* of found; NULL for none */
	List	   *found;			/* of CgCombined, with the relation's own numbers */
} Kept;

static HTAB *kept = NULL;

static bool begin_survey(Survey *survey, Relation rel);
static Var *plain_column(Node *node);
static bool compares_with_itself(Node *node);
static void add_column(Survey *survey, AttrNumber attnum);
static bool column_walker(Node *node, void *context);
static void finish_definition(Survey *survey, const char *where);
static void survey_expression(Survey *survey, Node *expression, const char *where);
static void survey_failing(Survey *survey, Node *expression, const char *where);
static void survey_columns(Survey *survey);
static void survey_triggers(Survey *survey);
static void survey_indexes(Survey *survey);
static void survey_partitions(Survey *survey);
static bool is_in_index(Relation index, AttrNumber attnum);
static Bitmapset *columns_above(Oid above, Oid relid, const Bitmapset *columns);
static bool sets_others(Oid relid);
static List *find_family(Oid relid);
static List *family_of(Oid relid);

/* False if nothing of it is guarded. */
static bool
begin_survey(Survey *survey, Relation rel)
{
	const CgPolicy *policy = cg_policy_get(RelationGetRelid(rel));

	memset(survey, 0, sizeof(*survey));
	if (policy == NULL || policy->broken || policy->nguarded == 0)
		return false;
	survey->rel = rel;
	survey->customer = policy->customer;
	for (int i = 0; i < policy->nguarded; i++)
	{
		survey->guarded = bms_add_member(survey->guarded, policy->guarded[i].attnum);
		if (policy->guarded[i].mask.kind == CG_MASK_NULL)
			survey->null_masked = bms_add_member(survey->null_masked, policy->guarded[i].attnum);
	}
	return true;
}

/* A column as it is, or another type's name for it; or NULL. */
static Var *
plain_column(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node && IsA(node, Var) ? (Var *) node : NULL;
}

/* OLD.x IS DISTINCT FROM NEW.x, or of whole rows: OLD and NEW are variables 1 and 2. */
static bool
compares_with_itself(Node *node)
{
	OpExpr	   *operator = (OpExpr *) node;
	Var		   *left;
	Var		   *right;

	if ((!IsA(node, OpExpr) && !IsA(node, DistinctExpr)) || list_length(operator->args) != 2 ||
		operator->opno >= FirstNormalObjectId)
		return false;
	left = plain_column(linitial(operator->args));
	right = plain_column(lsecond(operator->args));
	return left && right && left->varattno == right->varattno && left->varno != right->varno;
}

/* What is computed is set by whoever sets what it is computed of. */
static void
add_column(Survey *survey, AttrNumber attnum)
{
	TupleDesc	desc = RelationGetDescr(survey->rel);

	survey->columns = bms_add_member(survey->columns, attnum);
	if (TupleDescAttr(desc, attnum - 1)->attgenerated == '\0')
		return;
	for (int i = 0; desc->constr && i < desc->constr->num_defval; i++)
		if (desc->constr->defval[i].adnum == attnum)
			(void) column_walker(stringToNode(desc->constr->defval[i].adbin), survey);
}

static bool
column_walker(Node *node, void *context)
{
	Survey	   *survey = context;
	TupleDesc	desc = RelationGetDescr(survey->rel);

	if (node == NULL || compares_with_itself(node))
		return false;
	if (IsA(node, NullTest) && !((NullTest *) node)->argisrow)
	{
		Var		   *column = plain_column((Node *) ((NullTest *) node)->arg);

		if (column && column->varattno > 0 && bms_is_member(column->varattno, survey->guarded) &&
			!bms_is_member(column->varattno, survey->null_masked))
			return false;
	}
	if (!IsA(node, Var))
		return expression_tree_walker(node, column_walker, context);
	if (((Var *) node)->varattno > 0)
		add_column(survey, ((Var *) node)->varattno);
	/* The whole row. */
	for (int i = 0; ((Var *) node)->varattno == InvalidAttrNumber && i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			survey->columns = bms_add_member(survey->columns, i + 1);
	return false;
}

static void
finish_definition(Survey *survey, const char *where)
{
	CgCombined *combined = palloc(sizeof(CgCombined));

	combined->where = pstrdup(where);
	combined->guarded = bms_intersect(survey->columns, survey->guarded);
	combined->others = bms_del_member(bms_difference(survey->columns, survey->guarded), survey->customer);
	if (!bms_is_empty(combined->guarded) && !bms_is_empty(combined->others))
		survey->found = lappend(survey->found, combined);
	survey->columns = NULL;
}

static void
survey_expression(Survey *survey, Node *expression, const char *where)
{
	(void) column_walker(expression, survey);
	finish_definition(survey, where);
}

/* Of an expression whose result nobody is told. */
static void
survey_failing(Survey *survey, Node *expression, const char *where)
{
	if (expression && cg_quoting_may_fail(expression))
		survey_expression(survey, expression, where);
}

static void
survey_columns(Survey *survey)
{
	TupleDesc	desc = RelationGetDescr(survey->rel);

	for (int i = 0; desc->constr && i < desc->constr->num_check; i++)
		survey_expression(survey, stringToNode(desc->constr->check[i].ccbin),
						  psprintf("check constraint \"%s\"", desc->constr->check[i].ccname));
	for (int i = 0; desc->constr && i < desc->constr->num_defval; i++)
	{
		Form_pg_attribute form = TupleDescAttr(desc, desc->constr->defval[i].adnum - 1);

		if (form->attgenerated != '\0')
			survey_failing(survey, stringToNode(desc->constr->defval[i].adbin),
						   psprintf("generated column \"%s\"", NameStr(form->attname)));
	}
}

static void
survey_triggers(Survey *survey)
{
	TriggerDesc *triggers = survey->rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgqual && TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_UPDATE(trigger->tgtype))
			survey_expression(survey, stringToNode(trigger->tgqual),
							  psprintf("the condition of trigger \"%s\"", trigger->tgname));
	}
}

/* Whether an index compares is uniques.c's. */
static void
survey_indexes(Survey *survey)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(survey->rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		char	   *where = psprintf("index \"%s\"", RelationGetRelationName(index));

		survey_failing(survey, (Node *) RelationGetIndexExpressions(index), where);
		survey_failing(survey, (Node *) RelationGetIndexPredicate(index), where);
		index_close(index, NoLock);
	}
}

/* Where a row belongs shows in its tableoid. */
static void
survey_partitions(Survey *survey)
{
	Relation	rel = survey->rel;
	PartitionKey key = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? RelationGetPartitionKey(rel) : NULL;

	for (int i = 0; key && i < key->partnatts; i++)
		if (key->partattrs[i] != InvalidAttrNumber)
			add_column(survey, key->partattrs[i]);
	if (key)
		survey_expression(survey, (Node *) key->partexprs, "the partition key");
	if (rel->rd_rel->relispartition)
		survey_expression(survey, (Node *) RelationGetPartitionQual(rel), "the bounds of the partition");
}

List *
cg_combined_list(Oid relid)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	Survey		survey;

	if (rel == NULL)
		return NIL;
	if (begin_survey(&survey, rel))
	{
		survey_columns(&survey);
		survey_triggers(&survey);
		survey_indexes(&survey);
		survey_partitions(&survey);
	}
	relation_close(rel, NoLock);
	return survey.found;
}

static bool
is_in_index(Relation index, AttrNumber attnum)
{
	Bitmapset  *columns = NULL;

	pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &columns);
	pull_varattnos((Node *) RelationGetIndexPredicate(index), 1, &columns);
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
		columns = bms_add_member(columns, index->rd_index->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns);
}

bool
cg_combined_has(Oid relid, AttrNumber attnum)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	bool		result = false;
	ListCell   *lc;

	if (rel == NULL)
		return false;
	foreach(lc, RelationGetIndexList(rel))
	{
		const CgPolicy *policy = cg_policy_get(relid);
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		result = result || (policy && is_in_index(index, attnum) && cg_uniques_compared(index, policy) != NIL);
		index_close(index, NoLock);
	}
	relation_close(rel, NoLock);
	foreach(lc, cg_combined_list(relid))
		result = result || bms_is_member(attnum, ((CgCombined *) lfirst(lc))->others);
	return result;
}

/* By their names: they have other numbers there, or are not there. */
static Bitmapset *
columns_above(Oid above, Oid relid, const Bitmapset *columns)
{
	Bitmapset  *result = NULL;
	int			column = -1;

	if (above == relid)
		return bms_copy(columns);
	while ((column = bms_next_member(columns, column)) > 0)
	{
		AttrNumber	attnum = get_attnum(above, get_attname(relid, column, false));

		if (attnum > 0)
			result = bms_add_member(result, attnum);
	}
	return result;
}

/* A trigger may set what the statement does not name. */
static bool
sets_others(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	bool		result = rel->trigdesc && rel->trigdesc->trig_update_before_row;

	relation_close(rel, NoLock);
	return result;
}

/* Of the relation and all below it.  A column that is guarded below alone counts for all. */
static List *
find_family(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *of;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		foreach(of, cg_combined_list(lfirst_oid(lc)))
		{
			CgCombined *combined = lfirst(of);
			const CgPolicy *policy;
			Bitmapset  *guarded = columns_above(relid, lfirst_oid(lc), combined->guarded);
			Bitmapset  *set = NULL;

			combined->others = columns_above(relid, lfirst_oid(lc), combined->others);
			if (sets_others(lfirst_oid(lc)))
				combined->others = bms_add_member(combined->others, ANY_COLUMN);
			policy = cg_policy_get(relid);
			for (int i = 0; policy && i < policy->nguarded; i++)
				if (bms_is_member(policy->guarded[i].attnum, guarded) || bms_is_empty(guarded))
					set = bms_add_member(set, policy->guarded[i].attnum);
			combined->guarded = set;
			result = lappend(result, combined);
		}
	}
	return result;
}

/* Kept until any relation changes. */
static List *
family_of(Oid relid)
{
	uint64		before = cg_policycache_invalidations();
	HASHCTL		control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Kept),
	};
	Kept	   *answer;
	MemoryContext context;
	MemoryContext oldcontext;
	List	   *found;
	bool		known;

	if (kept == NULL)
		kept = hash_create("contact_guard combined columns", 16, &control, HASH_ELEM | HASH_BLOBS);
	answer = hash_search(kept, &relid, HASH_FIND, NULL);
	if (answer && answer->invalidations == before)
		return answer->found;
	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard combined columns", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	found = find_family(relid);
	MemoryContextSwitchTo(oldcontext);
	answer = hash_search(kept, &relid, HASH_ENTER, &known);
	if (known && answer->context)
		MemoryContextDelete(answer->context);
	answer->context = found == NIL ? NULL : context;
	answer->found = found;
	answer->invalidations = before;
	if (found == NIL)
		MemoryContextDelete(context);
	else
		MemoryContextSetParent(context, TopMemoryContext);
	return found;
}

List *
cg_combined_asked(const Query *query)
{
	Bitmapset  *assigned = cg_uniques_assigned(query);
	List	   *result = NIL;
	ListCell   *lc;

	if (bms_is_empty(assigned))
		return NIL;
	foreach(lc, family_of(rt_fetch(query->resultRelation, query->rtable)->relid))
	{
		CgCombined *combined = lfirst(lc);
		bool		asks = bms_is_member(ANY_COLUMN, combined->others);
		int			column = -1;

		while (!asks && (column = bms_next_member(combined->others, column)) > 0)
			asks = bms_is_member(column - FirstLowInvalidHeapAttributeNumber, assigned);
		column = -1;
		while (asks && (column = bms_next_member(combined->guarded, column)) > 0)
			result = list_append_unique_int(result, column);
	}
	return result;
}
