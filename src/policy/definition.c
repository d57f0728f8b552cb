/*
 * definition.c
 *		The functions that the definition of a guarded relation calls.
 *
 * Definitions are read from the catalogs as they are stored.  The relation cache has
 * simplified index expressions: functions in them were inlined with the search_path of
 * the moment.
 *
 * An expression that refers to no guarded column may call any function.  A row trigger
 * gets the whole row, and so does an expression with a whole-row reference.  Statement
 * triggers see transition tables, which are rewritten.  Defaults get no stored value, and
 * policies and rules go through the rewrite.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/amapi.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/names.h"
#include "compat.h"
#include "policy/callees.h"
#include "policy/definition.h"
#include "policy/policy.h"
#include "policy/prints.h"

typedef struct Walk
{
	Relation	rel;
	Bitmapset  *guarded;		/* as pull_varattnos() counts, with whole rows */
	bool		all;			/* every column counts, since rows are hidden */
	CgDefinition *found;
} Walk;

static void collect(Walk *walk, CgCallees *callees, const char *where);
static bool refers(const Walk *walk, Node *expression);
static bool is_guarded(const Walk *walk, AttrNumber attnum);
static void look_at_definition(Walk *walk, Node *expression, const char *where);
static void set_guarded(Walk *walk, const CgPolicy *policy);
static void walk_columns(Walk *walk);
static void walk_checks(Walk *walk);
static void walk_index(Walk *walk, Oid indexid);
static void walk_triggers(Walk *walk);
static void walk_statistics(Walk *walk);
static void walk_partition_key(Walk *walk, Oid of);

static bool
has_offence(const List *offences, const CgOffence *offence)
{
	ListCell   *lc;

	foreach(lc, offences)
	{
		CgOffence  *other = lfirst(lc);

		if (other->function == offence->function && strcmp(other->what, offence->what) == 0)
			return true;
	}
	return false;
}

static void
add_offence(Walk *walk, Oid function, char *what, const char *where)
{
	CgOffence  *offence = palloc(sizeof(CgOffence));

	offence->relid = RelationGetRelid(walk->rel);
	offence->function = function;
	offence->what = what;
	offence->where = pstrdup(where);
	if (!has_offence(walk->found->offences, offence))
		walk->found->offences = lappend(walk->found->offences, offence);
}

static void
collect(Walk *walk, CgCallees *callees, const char *where)
{
	ListCell   *lc;

	foreach(lc, callees->refused)
		add_offence(walk, lfirst_oid(lc),
					psprintf("function %s", cg_names_function(lfirst_oid(lc))), where);
	if (callees->unknown)
		add_offence(walk, InvalidOid, callees->unknown, where);
	walk->found->functions = list_concat_unique_oid(walk->found->functions, callees->seen_functions);
	walk->found->types = list_concat_unique_oid(walk->found->types, callees->seen_types);
	foreach(lc, callees->prints)
		walk->found->prints = cg_prints_append(walk->found->prints, lfirst(lc));
}

/* OLD and NEW of a trigger are variables 1 and 2. */
static bool
refers(const Walk *walk, Node *expression)
{
	Bitmapset  *attnums = NULL;

	pull_varattnos(expression, 1, &attnums);
	pull_varattnos(expression, 2, &attnums);
	if (walk->all)
		return !bms_is_empty(attnums);
	return bms_overlap(attnums, walk->guarded);
}

static bool
is_guarded(const Walk *walk, AttrNumber attnum)
{
	return walk->all || bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, walk->guarded);
}

static void
look_at_definition(Walk *walk, Node *expression, const char *where)
{
	CgCallees	callees = {.prints_wanted = true, .definition = true, .unswayed = true, .values = walk->all ? NULL : walk->guarded};

	if (!refers(walk, expression))
		return;
	cg_callees_of_expression(expression, &callees);
	collect(walk, &callees, where);
}

static void
look_at_function(Walk *walk, Oid function, const char *where)
{
	CgCallees	callees = {.prints_wanted = true, .definition = true};

	cg_callees_of_function(function, &callees);
	collect(walk, &callees, where);
}

/* The types of columns, and generated columns. */
static void
walk_columns(Walk *walk)
{
	TupleDesc	desc = RelationGetDescr(walk->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute form = TupleDescAttr(desc, i);
		CgCallees	callees = {.prints_wanted = true};

		if (form->attisdropped || !is_guarded(walk, form->attnum))
			continue;
		cg_callees_of_type(form->atttypid, &callees);
		collect(walk, &callees, psprintf("the type of column \"%s\"", NameStr(form->attname)));
	}
	for (int i = 0; desc->constr && i < desc->constr->num_defval; i++)
	{
		AttrDefault *value = &desc->constr->defval[i];
		Form_pg_attribute form = TupleDescAttr(desc, value->adnum - 1);

		if (form->attgenerated != '\0')
			look_at_definition(walk, stringToNode(value->adbin),
					psprintf("generated column \"%s\"", NameStr(form->attname)));
	}
}

/* Also checks that are not enforced: a later command or version may enforce them. */
static void
walk_checks(Walk *walk)
{
	TupleConstr *constr = RelationGetDescr(walk->rel)->constr;

	for (int i = 0; constr && i < constr->num_check; i++)
		look_at_definition(walk, stringToNode(constr->check[i].ccbin),
				psprintf("check constraint \"%s\"", constr->check[i].ccname));
}

/* An expression that is stored in a catalog; NULL for none. */
static Node *
stored_node(int cache, HeapTuple tuple, AttrNumber attnum)
{
	bool		isnull;
	Datum		stored = SysCacheGetAttr(cache, tuple, attnum, &isnull);

	return isnull ? NULL : stringToNode(TextDatumGetCString(stored));
}

/* The predicate and expressions of an index, and the support functions of its columns. */
static void
walk_index(Walk *walk, Oid indexid)
{
	Relation	index = index_open(indexid, AccessShareLock);
	HeapTuple	tuple = index->rd_indextuple;
	List	   *expressions = (List *) stored_node(INDEXRELID, tuple, Anum_pg_index_indexprs);
	char	   *where = psprintf("index \"%s\"", RelationGetRelationName(index));
	int			nsupport = index->rd_indam->amsupport;
	ListCell   *next = list_head(expressions);

	look_at_definition(walk, stored_node(INDEXRELID, tuple, Anum_pg_index_indpred), where);
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];

		if (attnum != InvalidAttrNumber && !is_guarded(walk, attnum))
			continue;
		if (attnum == InvalidAttrNumber)
		{
			Node	   *expression = lfirst(next);

			next = lnext(expressions, next);
			if (!refers(walk, expression))
				continue;
			look_at_definition(walk, expression, where);
		}
		for (int n = 0; n < nsupport; n++)
			look_at_function(walk, index->rd_support[i * nsupport + n], where);
	}
	if (index->rd_index->indisexclusion)
	{
		Oid		   *operators;
		Oid		   *functions;
		uint16	   *strategies;

		RelationGetExclusionInfo(index, &operators, &functions, &strategies);
		for (int i = 0; i < index->rd_index->indnkeyatts; i++)
			look_at_function(walk, functions[i], where);
	}
	index_close(index, AccessShareLock);
}

/*
 * Is it a built-in tsvector trigger that neither reads nor writes a guarded column?  Its
 * second argument (the configuration) is not checked as a column.
 */
static bool
is_tsvector_of_others(const Walk *walk, const Trigger *trigger)
{
	if (trigger->tgfoid != F_TSVECTOR_UPDATE_TRIGGER && trigger->tgfoid != F_TSVECTOR_UPDATE_TRIGGER_COLUMN)
		return false;
	for (int i = 0; i < trigger->tgnargs; i++)
	{
		AttrNumber	attnum = i == 1 ? InvalidAttrNumber :
			get_attnum(RelationGetRelid(walk->rel), trigger->tgargs[i]);

		if (attnum != InvalidAttrNumber && is_guarded(walk, attnum))
			return false;
	}
	return true;
}

static void
walk_triggers(Walk *walk)
{
	TriggerDesc *triggers = walk->rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		char	   *where = psprintf("trigger \"%s\"", trigger->tgname);

		if (!TRIGGER_FOR_ROW(trigger->tgtype) || is_tsvector_of_others(walk, trigger))
			continue;
		look_at_function(walk, trigger->tgfoid, where);
		if (trigger->tgqual)
			look_at_definition(walk, stringToNode(trigger->tgqual), where);
	}
}

static void
walk_statistics(Walk *walk)
{
	ListCell   *lc;

	foreach(lc, RelationGetStatExtList(walk->rel))
	{
		HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			continue;
		look_at_definition(walk, stored_node(STATEXTOID, tuple, Anum_pg_statistic_ext_stxexprs),
				psprintf("statistics object \"%s\"",
						 NameStr(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxname)));
		ReleaseSysCache(tuple);
	}
}

static List *
partition_expressions(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relid));
	List	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for partition key of %u", relid);
	result = (List *) stored_node(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * The partition key routes rows, and makes the constraints of the partitions below.
 * "of" is the relation or an ancestor, whose columns may have other numbers.
 */
static void
walk_partition_key(Walk *walk, Oid of)
{
	Relation	rel = relation_open(of, AccessShareLock);
	PartitionKey key = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? RelationGetPartitionKey(rel) : NULL;
	Walk		above = *walk;
	List	   *expressions = key ? partition_expressions(of) : NIL;
	ListCell   *next = list_head(expressions);
	char	   *where = psprintf("the partition key of \"%s\"", RelationGetRelationName(rel));

	above.guarded = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; key && i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute form = TupleDescAttr(RelationGetDescr(rel), i);
		AttrNumber	here = form->attisdropped ? InvalidAttrNumber :
			get_attnum(RelationGetRelid(walk->rel), NameStr(form->attname));

		if (here != InvalidAttrNumber && is_guarded(walk, here))
			above.guarded = bms_add_member(above.guarded,
										   form->attnum - FirstLowInvalidHeapAttributeNumber);
	}
	for (int i = 0; key && i < key->partnatts; i++)
	{
		Node	   *expression = NULL;

		if (key->partattrs[i] == InvalidAttrNumber)
		{
			expression = lfirst(next);
			next = lnext(expressions, next);
			look_at_definition(&above, expression, where);
		}
		if (expression ? refers(&above, expression) : is_guarded(&above, key->partattrs[i]))
			look_at_function(&above, key->partsupfunc[i].fn_oid, where);
	}
	relation_close(rel, AccessShareLock);
}

static void
set_guarded(Walk *walk, const CgPolicy *policy)
{
	walk->all = policy->hide;
	walk->guarded = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; i < policy->nguarded; i++)
		walk->guarded = bms_add_member(walk->guarded, policy->guarded[i].attnum -
									   FirstLowInvalidHeapAttributeNumber);
}

void
cg_definition_survey(Oid relid, CgDefinition *definition)
{
	const CgPolicy *policy;
	Walk		walk = {NULL};
	List	   *ancestors;
	ListCell   *lc;

	memset(definition, 0, sizeof(*definition));
	walk.found = definition;
	walk.rel = try_relation_open(relid, AccessShareLock);
	if (walk.rel == NULL)
		return;
	policy = cg_policy_get(relid);
	if (policy == NULL)
	{
		relation_close(walk.rel, AccessShareLock);
		return;
	}
	set_guarded(&walk, policy);
	/* Calls for other relations may invalidate the pointer to this policy. */
	ancestors = list_copy(policy->ancestors);
	walk_columns(&walk);
	walk_checks(&walk);
	foreach(lc, RelationGetIndexList(walk.rel))
		walk_index(&walk, lfirst_oid(lc));
	walk_triggers(&walk);
	walk_statistics(&walk);
	walk_partition_key(&walk, relid);
	foreach(lc, ancestors)
		walk_partition_key(&walk, lfirst_oid(lc));
	relation_close(walk.rel, AccessShareLock);
}

List *
cg_definition_offences(Oid relid)
{
	CgDefinition definition;

	cg_definition_survey(relid, &definition);
	return definition.offences;
}

List *
cg_definition_unvalidated(Oid relid)
{
	const CgPolicy *policy = cg_policy_get(relid);
	Relation	rel = policy ? try_relation_open(relid, AccessShareLock) : NULL;
	TupleConstr *constr = rel ? RelationGetDescr(rel)->constr : NULL;
	Walk		walk = {.rel = rel};
	List	   *result = NIL;

	if (rel == NULL)
		return NIL;
	set_guarded(&walk, policy);
	for (int i = 0; constr && i < constr->num_check; i++)
		if (!constr->check[i].ccvalid && cg_compat_is_enforced(&constr->check[i]) && refers(&walk, stringToNode(constr->check[i].ccbin)))
			result = lappend(result, psprintf("relation %s: check constraint \"%s\" is not valid: a stored row that does not pass it makes every write to that row an error",
											  RelationGetRelationName(rel), constr->check[i].ccname));
	relation_close(rel, AccessShareLock);
	return result;
}
