/*
 * image.c
 *		Images of the question for windows, which tell whether its meaning has changed.
 *
 * The rewriter has put in the definitions of views.  The definition of a function is in
 * its row of pg_proc, that of a type in its checks and labels.  asked.c finds all of them,
 * through bodies, casts and types.  Names of relations and columns have no meaning once a
 * query is analysed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "policy/image.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/question.h"

static bool strip_walker(Node *node, void *context);
static char *function_text(Oid function);
static char *type_text(Oid type);
static void append_checks(StringInfo out, Oid domain);
static void append_labels(StringInfo out, Oid type);

CgImage *
cg_image_take(Oid relid)
{
	CgImage    *image = palloc0(sizeof(CgImage));
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];
	ListCell   *lc;

	image->relid = relid;
	image->owner = cg_question_owner(relid);
	cg_labelparse_table(cg_labels_get(relid, 0), &label);
	cg_interventions_parts(relid, parts);
	image->broken = cg_question_trees(relid, &label, parts, &image->queries);
	if (image->broken)
		return image;
	image->asked = cg_asked_find(image->owner, image->queries);
	image->queries = list_concat(image->queries, image->asked->bodies);
	(void) strip_walker((Node *) image->queries, NULL);
	foreach(lc, image->asked->functions)
		image->meanings = lappend(image->meanings, function_text(lfirst_oid(lc)));
	foreach(lc, image->asked->types)
		image->meanings = lappend(image->meanings, type_text(lfirst_oid(lc)));
	return image;
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
		list_length(before->meanings) != list_length(after->meanings))
		return false;
	forboth(lc, before->meanings, lc2, after->meanings)
		if (strcmp(lfirst(lc), lfirst(lc2)) != 0)
			return false;
	return true;
}

/* Removes names, which have no meaning any more; equal() ignores locations. */
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

/* All properties of a function that decide its result, without its name. */
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

/* All properties of a type that decide its values: checks of a domain, labels of an enum. */
static char *
type_text(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	StringInfoData out;

	initStringInfo(&out);
	if (!HeapTupleIsValid(tuple))
		return out.data;
	form = (Form_pg_type) GETSTRUCT(tuple);
	appendStringInfo(&out, "%u %u %d", type, form->typbasetype, form->typnotnull);
	if (form->typtype == TYPTYPE_DOMAIN)
		append_checks(&out, type);
	else if (form->typtype == TYPTYPE_ENUM)
		append_labels(&out, type);
	ReleaseSysCache(tuple);
	return out.data;
}

static void
append_checks(StringInfo out, Oid domain)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(domain));
	scan = systable_beginscan(catalog, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		check = heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(catalog), &isnull);

		if (!isnull)
			appendStringInfo(out, "\n%s", TextDatumGetCString(check));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

static void
append_labels(StringInfo out, Oid type)
{
	CatCList   *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_enum form = (Form_pg_enum) GETSTRUCT(&list->members[i]->tuple);

		appendStringInfo(out, "\n%u %s", form->oid, NameStr(form->enumlabel));
	}
	ReleaseSysCacheList(list);
}
