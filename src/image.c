/*
 * image.c
 *		What the question for windows means, to be compared.
 *
 * The rewriter has put the definitions of views in; what functions do is in their
 * rows of pg_proc, and in those of the functions that PostgreSQL knows their bodies
 * to call.  Names of relations and columns mean nothing once a query is analysed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "rewrite/prs2lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "image.h"
#include "question.h"
#include "trust.h"

/* OIDs of what a question calls and reads through functions. */
typedef struct Called
{
	List	   *functions;
	List	   *views;
} Called;

static void finish_image(CgImage *image);
static List *find_called(const List *queries, Called *called);
static List *view_actions(Oid view);
static bool strip_walker(Node *node, void *context);
static bool call_walker(Node *node, void *context);
static void add_called(Called *called, Oid function);
static char *function_text(Oid function);

CgImage *
cg_image_take(Oid relid)
{
	CgImage    *image = palloc0(sizeof(CgImage));
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];

	image->relid = relid;
	image->owner = cg_question_owner(relid);
	cg_labels_parse_table(cg_labels_get(relid, 0), &label);
	cg_interventions_parts(relid, parts);
	image->broken = cg_question_trees(relid, &label, parts, &image->queries);
	finish_image(image);
	return image;
}

/* Returns the queries of views that functions read, since these may call more. */
static List *
find_called(const List *queries, Called *called)
{
	List	   *more = NIL;

	(void) call_walker((Node *) unconstify(List *, queries), called);
	for (int i = 0; i < list_length(called->views); i++)
	{
		List	   *actions = view_actions(list_nth_oid(called->views, i));

		more = list_concat(more, actions);
		(void) call_walker((Node *) actions, called);
	}
	return more;
}

static void
finish_image(CgImage *image)
{
	Called		called = {NIL, NIL};
	ListCell   *lc;

	image->queries = list_concat(image->queries, find_called(image->queries, &called));
	image->untrusted = InvalidOid;
	foreach(lc, called.functions)
		if (!cg_trust_is_allowed(lfirst_oid(lc)))
			image->untrusted = lfirst_oid(lc);
	(void) strip_walker((Node *) image->queries, NULL);
	foreach(lc, called.functions)
		image->functions = lappend(image->functions, function_text(lfirst_oid(lc)));
}

static List *
view_actions(Oid view)
{
	Relation	rel = relation_open(view, AccessShareLock);
	List	   *result = NIL;

	for (int i = 0; rel->rd_rules && i < rel->rd_rules->numLocks; i++)
		result = list_concat(result, copyObject(rel->rd_rules->rules[i]->actions));
	relation_close(rel, NoLock);
	return result;
}

bool
cg_image_is_same(const CgImage *before, const CgImage *after)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (before->broken && after->broken)
		return true;
	if (before->broken || after->broken || before->owner != after->owner ||
		!equal(before->queries, after->queries) ||
		list_length(before->functions) != list_length(after->functions))
		return false;
	forboth(lc, before->functions, lc2, after->functions)
		if (strcmp(lfirst(lc), lfirst(lc2)) != 0)
			return false;
	return true;
}

/* Takes the names out, which mean nothing any more; equal() ignores locations. */
static bool
strip_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		((RangeTblEntry *) node)->alias = NULL;
		((RangeTblEntry *) node)->eref = NULL;
		((RangeTblEntry *) node)->rellockmode = 0;
		return false;
	}
	if (IsA(node, TargetEntry))
		((TargetEntry *) node)->resname = NULL;
	if (IsA(node, JoinExpr))
		((JoinExpr *) node)->alias = NULL;
	if (IsA(node, Query))
	{
		((Query *) node)->stmt_location = -1;
		((Query *) node)->stmt_len = 0;
		return query_tree_walker((Query *) node, strip_walker, context, QTW_EXAMINE_RTES_BEFORE);
	}
	return expression_tree_walker(node, strip_walker, context);
}

static bool
note_function(Oid function, void *context)
{
	add_called(context, function);
	return false;
}

static bool
call_walker(Node *node, void *context)
{
	Called	   *called = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		if (((RangeTblEntry *) node)->rtekind == RTE_RELATION &&
			((RangeTblEntry *) node)->relkind == RELKIND_VIEW)
			called->views = list_append_unique_oid(called->views, ((RangeTblEntry *) node)->relid);
		return false;
	}
	(void) check_functions_in_node(node, note_function, context);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, call_walker, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, call_walker, context);
}

/* With what its body calls and reads, where PostgreSQL knows that: each once. */
static void
add_called(Called *called, Oid function)
{
	Relation	catalog;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (function < FirstNormalObjectId || list_member_oid(called->functions, function))
		return;
	called->functions = lappend_oid(called->functions, function);
	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(function));
	scan = systable_beginscan(catalog, DependDependerIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->refclassid == ProcedureRelationId)
			add_called(called, form->refobjid);
		else if (form->refclassid == RelationRelationId && get_rel_relkind(form->refobjid) == RELKIND_VIEW)
			called->views = list_append_unique_oid(called->views, form->refobjid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/* What makes it another function, whatever it is called. */
static char *
function_text(Oid function)
{
	static const AttrNumber texts[] = {
		Anum_pg_proc_prosrc, Anum_pg_proc_probin, Anum_pg_proc_prosqlbody
	};
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	StringInfoData out;
	Datum		datum;
	bool		isnull;

	initStringInfo(&out);
	if (!HeapTupleIsValid(tuple))
		return out.data;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	appendStringInfo(&out, "%u %u %c %d %d %u", function, form->prolang, form->provolatile,
					 form->prosecdef, form->proisstrict, form->prosecdef ? form->proowner : InvalidOid);
	for (int i = 0; i < lengthof(texts); i++)
	{
		datum = SysCacheGetAttr(PROCOID, tuple, texts[i], &isnull);
		appendStringInfo(&out, "\n%s", isnull ? "" : TextDatumGetCString(datum));
	}
	datum = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	appendStringInfo(&out, "\n%s", isnull ? "" : OidOutputFunctionCall(F_ARRAY_OUT, datum));
	ReleaseSysCache(tuple);
	return out.data;
}
