/*
 * combined.c
 *		Definitions of a relation that combine guarded columns with others.
 *
 * CHECK (phone <> fax) compares a stored phone with a fax, and a writer who is not shown
 * the phone may set the fax.  The writer sets it to a guess, in an exception block that
 * rolls back: an error tells that the guess is right, and no error that it is wrong.  The
 * condition of a trigger, the bounds of a partition, and expressions that fail on some
 * values only (of an index or of a generated column) tell the same.
 *
 * A definition may also compare with an input that is not a column but that the writer
 * chooses: a setting or the role (outside.h).
 *
 * Honest checks work like this, so it is not refused, but it is recorded, as with unique
 * indexes (uniques.c): an UPDATE that sets a column with which such a definition compares
 * a guarded one is a look-up, whatever its result.  The record is made when the statement
 * begins, so it does not depend on the error, its class or a handler.
 *
 * These tell nothing and do not count:
 * - a new row of an INSERT: all of its values come from the writer;
 * - setting a guarded column or the customer key: keep() lets only actors replace them
 *   who are shown the row;
 * - whether a guarded value is NULL: masks do not hide that, except the mask "null";
 * - OLD and NEW of one column in the condition of a trigger;
 * - row-security policies and conditions of views: after the rewrite they see masks.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/reltrigger.h"

#include "compat.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "read/combined.h"
#include "read/quoting.h"
#include "read/uniques.h"

/* The state of collecting the definitions of one relation. */
typedef struct Survey
{
	Relation	rel;
	AttrNumber	customer;
	Bitmapset  *guarded;
	Bitmapset  *null_masked;	/* guarded columns with the mask "null" */
	Bitmapset  *columns;		/* columns of the current definition */
	bool		chosen;			/* the current one has an input that is not a column */
	bool		deletes;		/* a DELETE evaluates the current one */
	List	   *found;			/* of CgCombined */
} Survey;

static bool begin_survey(Survey *survey, Relation rel);
static Var *plain_column(Node *node);
static bool compares_with_itself(Node *node);
static void add_column(Survey *survey, AttrNumber attnum);
static void survey_input(Survey *survey, Node *expression);
static bool column_walker(Node *node, void *context);
static void finish_definition(Survey *survey, const char *where);
static void survey_expression(Survey *survey, Node *expression, const char *where);
static void survey_failing(Survey *survey, Node *expression, const char *where);
static void survey_columns(Survey *survey);
static void survey_triggers(Survey *survey);
static void survey_indexes(Survey *survey);
static void survey_partitions(Survey *survey);
static bool is_in_index(Relation index, AttrNumber attnum);

/* False if the relation has no guarded column, or its policy is broken. */
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

/* The column, if the node is a column alone or a relabelled one; or NULL. */
static Var *
plain_column(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node && IsA(node, Var) ? (Var *) node : NULL;
}

/* OLD.x IS DISTINCT FROM NEW.x, also of whole rows: OLD and NEW are variables 1 and 2. */
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

/* A writer who sets the inputs of a generated column sets the generated column, too. */
static void
add_column(Survey *survey, AttrNumber attnum)
{
	TupleDesc	desc = RelationGetDescr(survey->rel);

	survey->columns = bms_add_member(survey->columns, attnum);
	if (TupleDescAttr(desc, attnum - 1)->attgenerated == '\0')
		return;
	for (int i = 0; desc->constr && i < desc->constr->num_defval; i++)
		if (desc->constr->defval[i].adnum == attnum)
			survey_input(survey, stringToNode(desc->constr->defval[i].adbin));
}

static void
survey_input(Survey *survey, Node *expression)
{
	survey->chosen |= cg_outside_is_chosen(expression);
	(void) column_walker(expression, survey);
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
	/* A whole row uses all columns. */
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
	if (survey->chosen)
		combined->others = bms_add_member(combined->others, CG_COMBINED_ANY);
	combined->deletes = survey->deletes;
	if (!bms_is_empty(combined->guarded) && !bms_is_empty(combined->others))
		survey->found = lappend(survey->found, combined);
	survey->columns = NULL;
	survey->chosen = survey->deletes = false;
}

static void
survey_expression(Survey *survey, Node *expression, const char *where)
{
	survey_input(survey, expression);
	finish_definition(survey, where);
}

/* For an expression whose result the writer does not see: it tells only if it can fail. */
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
	{
		if (!cg_compat_is_enforced(&desc->constr->check[i]))
			continue;
		survey_expression(survey, stringToNode(desc->constr->check[i].ccbin),
						  psprintf("check constraint \"%s\"", desc->constr->check[i].ccname));
	}
	for (int i = 0; desc->constr && i < desc->constr->num_defval; i++)
	{
		Form_pg_attribute form = TupleDescAttr(desc, desc->constr->defval[i].adnum - 1);

		if (form->attgenerated != '\0')
			survey_failing(survey, stringToNode(desc->constr->defval[i].adbin),
						   psprintf("generated column \"%s\"", NameStr(form->attname)));
	}
}

/*
 * Triggers of all events count: an UPDATE that moves a row to another partition deletes
 * and inserts it, and a later DELETE may compare values that are set now.
 */
static void
survey_triggers(Survey *survey)
{
	TriggerDesc *triggers = survey->rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgqual == NULL || !TRIGGER_FOR_ROW(trigger->tgtype))
			continue;
		survey->deletes = TRIGGER_FOR_DELETE(trigger->tgtype);
		survey_expression(survey, stringToNode(trigger->tgqual),
						  psprintf("the condition of trigger \"%s\"", trigger->tgname));
	}
}

/* Here failures of an index and its predicate count; uniques.c handles its comparisons. */
static void
survey_indexes(Survey *survey)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(survey->rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		char	   *where = psprintf("index \"%s\"", RelationGetRelationName(index));

		survey_failing(survey, (Node *) RelationGetIndexExpressions(index), where);
		/* Whether a row is in the index shows in pg_relation_size(). */
		survey_expression(survey, (Node *) RelationGetIndexPredicate(index), where);
		index_close(index, NoLock);
	}
}

/* The partition of a row shows in its tableoid. */
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

bool
cg_combined_is_chosen(Oid relid)
{
	ListCell   *lc;

	foreach(lc, cg_combined_list(relid))
		if (bms_is_member(CG_COMBINED_ANY, ((CgCombined *) lfirst(lc))->others))
			return true;
	return false;
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
