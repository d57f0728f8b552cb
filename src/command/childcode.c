/*
 * childcode.c
 *		Code that a new child of a guarded relation brings along.
 *
 * Ordinary roles make monthly partitions, and rows that other roles store in the parent are
 * routed to them.  So a child may have three kinds of definitions: those of the parent
 * (equal checks, generated columns and indexes), those that refer to nothing guarded, and
 * those that call nothing.  A foreign table is refused, because it would send the rows to
 * another server.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/pg_list.h"
#include "rewrite/rowsecurity.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "base/refused.h"
#include "command/childcode.h"
#include "command/reach.h"
#include "compat.h"
#include "policy/policy.h"
#include "policy/touches.h"

static void refuse_child(Relation child, const char *what, const char *name);
static void check_one(Relation child, List *parents);
static void check_triggers(Relation child);
static void check_constraints(Relation child, List *parents);
static void check_generated(Relation child, List *parents);
static void check_indexes(Relation child, List *parents);
static void check_statistics(Relation child, List *parents);
static void check_foreign_keys(Relation child, List *parents);
static bool touches(Relation child, List *parents, Node *expression);
static char *expression_text(Relation rel, Node *expression);

static void
refuse_child(Relation child, const char *what, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be a member of role \"contact_guard_admin\" to make relation \"%s\" a child of one that has guarded columns",
					RelationGetRelationName(child)),
			 cg_refused_relation(RelationGetRelid(child), InvalidAttrNumber),
			 errdetail(name ? "It has %s \"%s\", which the parent does not have." : "It has %s.", what, name),
			 errhint("It would get rows that other roles store in the parent. Remove it, or ask a member of contact_guard_admin.")));
}

void
cg_childcode_check(Oid child, List *parents)
{
	List	   *parent_rels = NIL;
	ListCell   *lc;

	foreach(lc, parents)
		parent_rels = lappend(parent_rels, relation_open(lfirst_oid(lc), NoLock));
	foreach(lc, find_all_inheritors(child, NoLock, NULL))
	{
		/* Descendants of a table that is being attached are locked by the command. */
		Relation	rel = relation_open(lfirst_oid(lc), lfirst_oid(lc) == child ? NoLock : AccessShareLock);

		check_one(rel, parent_rels);
		relation_close(rel, NoLock);
	}
	foreach(lc, parent_rels)
		relation_close(lfirst(lc), NoLock);
}

static void
check_one(Relation child, List *parents)
{
	PartitionKey key;

	if (child->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		refuse_child(child, "a foreign server", NULL);
	if (child->rd_rules)
		refuse_child(child, "rules", NULL);
	if (child->rd_rel->relrowsecurity || relation_has_policies(child))
		refuse_child(child, "row security of its own", NULL);
	check_triggers(child);
	check_constraints(child, parents);
	check_generated(child, parents);
	check_indexes(child, parents);
	check_statistics(child, parents);
	check_foreign_keys(child, parents);
	if (child->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	key = RelationGetPartitionKey(child);
	if (key && key->partexprs != NIL)
		refuse_child(child, "a partition key with expressions", NULL);
}

/* Triggers of foreign keys are internal, and clones of a parent's triggers are allowed. */
static void
check_triggers(Relation child)
{
	TriggerDesc *triggers = child->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (!triggers->triggers[i].tgisinternal && !triggers->triggers[i].tgisclone)
			refuse_child(child, "trigger", triggers->triggers[i].tgname);
}

/* The expression as text, which can be compared with that of another relation. */
static char *
expression_text(Relation rel, Node *expression)
{
	return deparse_expression(expression,
							  deparse_context_for(RelationGetRelationName(rel), RelationGetRelid(rel)),
							  false, false);
}

/* Does the expression refer to columns that would be guarded? */
static bool
touches(Relation child, List *parents, Node *expression)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, parents)
		relids = lappend_oid(relids, RelationGetRelid((Relation) lfirst(lc)));
	return cg_touches_below(RelationGetRelid(child), relids, expression);
}

/* A check of the parent that is not enforced is not code that the child may run. */
static bool
has_check(Relation parent, const ConstrCheck *wanted, const char *text)
{
	TupleConstr *constr = RelationGetDescr(parent)->constr;

	for (int i = 0; constr && i < constr->num_check; i++)
		if (strcmp(constr->check[i].ccname, wanted->ccname) == 0 && !constr->check[i].ccnoinherit &&
			(cg_compat_is_enforced(&constr->check[i]) || !cg_compat_is_enforced(wanted)) &&
			strcmp(expression_text(parent, stringToNode(constr->check[i].ccbin)), text) == 0)
			return true;
	return false;
}

static void
check_constraints(Relation child, List *parents)
{
	TupleConstr *constr = RelationGetDescr(child)->constr;
	ListCell   *lc;

	for (int i = 0; constr && i < constr->num_check; i++)
	{
		Node	   *check = stringToNode(constr->check[i].ccbin);
		char	   *text = expression_text(child, check);
		bool		found = !touches(child, parents, check);

		foreach(lc, parents)
			found = found || has_check(lfirst(lc), &constr->check[i], text);
		if (!found)
			refuse_child(child, "check constraint", constr->check[i].ccname);
	}
}

/* The text of a column's expression; NULL if the column is not generated. */
static char *
generated_text(Relation rel, AttrNumber attnum, Node **expression)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	if (!TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated)
		return NULL;
	for (int i = 0; constr && i < constr->num_defval; i++)
		if (constr->defval[i].adnum == attnum)
		{
			*expression = stringToNode(constr->defval[i].adbin);
			return expression_text(rel, *expression);
		}
	return NULL;
}

static void
check_generated(Relation child, List *parents)
{
	TupleDesc	desc = RelationGetDescr(child);
	ListCell   *lc;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Node	   *expression = NULL;
		char	   *text = att->attisdropped ? NULL : generated_text(child, att->attnum, &expression);
		bool		found = text == NULL || !touches(child, parents, expression);

		foreach(lc, found ? NIL : parents)
		{
			AttrNumber	its = get_attnum(RelationGetRelid((Relation) lfirst(lc)), NameStr(att->attname));
			char	   *its_text = its != InvalidAttrNumber ? generated_text(lfirst(lc), its, &expression) : NULL;

			found = found || (its_text && strcmp(its_text, text) == 0);
		}
		if (!found)
			refuse_child(child, "generated column", NameStr(att->attname));
	}
}

/* The text of an index's expressions; NULL if it has none. */
static char *
index_text(Relation rel, Oid indexid, Node **computed)
{
	Relation	index = relation_open(indexid, AccessShareLock);
	List	   *expressions = list_concat(RelationGetIndexExpressions(index), RelationGetIndexPredicate(index));
	char	   *text = NULL;

	*computed = (Node *) expressions;
	if (expressions != NIL)
		text = psprintf("%s where %s", pg_get_indexdef_columns(indexid, false),
						expression_text(rel, (Node *) make_ands_explicit(RelationGetIndexPredicate(index))));
	relation_close(index, NoLock);
	return text;
}

static bool
has_index(Relation parent, const char *text)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(parent))
	{
		Node	   *computed;
		char	   *its = index_text(parent, lfirst_oid(lc), &computed);

		if (its && strcmp(its, text) == 0)
			return true;
	}
	return false;
}

static void
check_indexes(Relation child, List *parents)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, RelationGetIndexList(child))
	{
		Node	   *computed;
		char	   *text = index_text(child, lfirst_oid(lc), &computed);
		bool		found = text == NULL || !touches(child, parents, computed);

		foreach(lc2, parents)
			found = found || has_index(lfirst(lc2), text);
		if (!found)
			refuse_child(child, "an index with expressions", get_rel_name(lfirst_oid(lc)));
	}
}

static void
check_statistics(Relation child, List *parents)
{
	ListCell   *lc;

	foreach(lc, RelationGetStatExtList(child))
	{
		HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(lfirst_oid(lc)));
		bool		isnull = true;
		Datum		expressions;
		Node	   *computed = NULL;

		if (!HeapTupleIsValid(tuple))
			continue;
		expressions = SysCacheGetAttr(STATEXTOID, tuple, Anum_pg_statistic_ext_stxexprs, &isnull);
		if (!isnull)
			computed = stringToNode(TextDatumGetCString(expressions));
		ReleaseSysCache(tuple);
		if (touches(child, parents, computed))
			refuse_child(child, "statistics on expressions", NULL);
	}
}

/* A foreign key's check would send guarded values to queries on other roles' tables. */
static void
check_foreign_keys(Relation child, List *parents)
{
	ListCell   *lc;

	foreach(lc, parents)
	{
		Oid			parent = RelationGetRelid((Relation) lfirst(lc));
		const CgPolicy *policy = cg_policy_get(parent);

		for (int i = 0; policy && i < policy->nguarded; i++)
		{
			char	   *name = get_attname(parent, policy->guarded[i].attnum, false);
			AttrNumber	attnum = get_attnum(RelationGetRelid(child), name);

			if (attnum != InvalidAttrNumber && cg_reach_in_foreign_key(RelationGetRelid(child), attnum))
				refuse_child(child, "a foreign key on a guarded column", name);
		}
	}
}
