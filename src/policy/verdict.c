/*
 * verdict.c
 *		The definitions that a verdict depends on, besides rows.
 *
 * The CRM decides on the rows of interventions, and of the tables beneath a view of
 * them.  The meaning of the question for windows is policy: the view, the views and
 * functions beneath it and in open_when, and the row security that applies to their
 * owner.  There are many ways to change that meaning (CREATE OR REPLACE, a column
 * renamed and another put in its place, a function with arguments that fit better, a
 * new owner).  So the effect decides and not the command: before and after each command
 * that could matter, the question is analysed and rewritten with its views expanded,
 * and the results are compared.
 *
 * PostgreSQL does not know the functions that a procedural function calls, so the
 * question may use a procedural function only if an admin has trusted it (trust.c).
 */

#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/names.h"
#include "base/objects.h"
#include "base/refused.h"
#include "journal/eventrecord.h"
#include "policy/image.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/question.h"
#include "policy/rests.h"
#include "policy/trustlabel.h"
#include "policy/verdict.h"

#define DEFINITION_LENGTH 8000

static bool may_change(Node *statement, List *relids, const CgRests *rests);
static bool is_about(const CgRests *rests, RangeVar *name);
static void refuse_untrusted(const CgImage *image);

/*
 * Might the statement change the meaning of a question?  A command that the switch
 * does not list might.  A command whose object is known might if the question rests
 * on that object.  The name may mean another object when the command resolves it;
 * cg_verdict_require_image() stops that.
 */
static bool
may_change(Node *statement, List *relids, const CgRests *rests)
{
	ListCell   *lc;

	if (rests->relations == NIL)
		return false;
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
		case T_CreateTrigStmt:
		case T_CreateStatsStmt:
		case T_IndexStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_AlterTableMoveAllStmt:
			return false;
		case T_AlterEnumStmt:
			/* No row has a new label yet.  A label that is renamed may mean something else. */
			return ((AlterEnumStmt *) statement)->oldVal != NULL;
		case T_AlterTableStmt:
			foreach(lc, relids)
				if (cg_rests_on_relation(rests, lfirst_oid(lc)))
					return true;
			return false;
		case T_ViewStmt:
			return is_about(rests, ((ViewStmt *) statement)->view);
		case T_RuleStmt:
			return is_about(rests, ((RuleStmt *) statement)->relation);
		case T_CreatePolicyStmt:
			return is_about(rests, ((CreatePolicyStmt *) statement)->table);
		case T_AlterPolicyStmt:
			return is_about(rests, ((AlterPolicyStmt *) statement)->table);
		case T_RenameStmt:
			return ((RenameStmt *) statement)->relation == NULL ||
				is_about(rests, ((RenameStmt *) statement)->relation);
		case T_AlterObjectSchemaStmt:
			return ((AlterObjectSchemaStmt *) statement)->relation == NULL ||
				is_about(rests, ((AlterObjectSchemaStmt *) statement)->relation);
		case T_CreateFunctionStmt:
			return cg_rests_on_name(rests, strVal(llast(((CreateFunctionStmt *) statement)->funcname)));
		case T_AlterFunctionStmt:
			return cg_rests_on_name(rests, strVal(llast(((AlterFunctionStmt *) statement)->func->objname)));
		case T_DefineStmt:
			return cg_rests_on_name(rests, strVal(llast(((DefineStmt *) statement)->defnames)));
		case T_DropStmt:
			switch (((DropStmt *) statement)->removeType)
			{
				case OBJECT_TABLE:
				case OBJECT_INDEX:
				case OBJECT_SEQUENCE:
				case OBJECT_TRIGGER:
				case OBJECT_STATISTIC_EXT:
				case OBJECT_SCHEMA:
					return false;
				case OBJECT_VIEW:
				case OBJECT_MATVIEW:
					foreach(lc, ((DropStmt *) statement)->objects)
						if (cg_rests_is_in_condition(rests, strVal(llast(lfirst_node(List, lc)))))
							return true;
					return false;
				default:
					return true;
			}
		default:
			return true;
	}
}

static bool
is_about(const CgRests *rests, RangeVar *name)
{
	/* A condition may name a relation that does not exist now but will exist again. */
	return cg_rests_is_in_condition(rests, name->relname) ||
		cg_rests_on_relation(rests, RangeVarGetRelid(name, NoLock, true));
}

void
cg_verdict_require_image(List *before, bool admin, Oid relid, Oid function)
{
	CgRests		rests;

	if (before != NIL || admin)
		return;
	rests = cg_rests_find();
	if (OidIsValid(relid) ? cg_rests_on_relation(&rests, relid) : cg_rests_on_function(&rests, function))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_admin\" to change \"%s\"",
						OidIsValid(relid) ? get_rel_name(relid) : get_func_name(function)),
				 errdetail("The query for open interventions depends on it.")));
}

List *
cg_verdict_before(Node *statement, List *relids)
{
	CgRests		rests = cg_rests_find();
	List	   *images = NIL;
	List	   *asked = NIL;
	ListCell   *lc;

	if (!may_change(statement, relids, &rests))
		return NIL;
	/* Taking an image may change the list. */
	foreach(lc, cg_interventions_list())
		asked = lappend_oid(asked, ((CgInterventions *) lfirst(lc))->relid);
	foreach(lc, asked)
		if (get_rel_namespace(lfirst_oid(lc)) != cg_objects_schema())
			images = lappend(images, cg_image_take(lfirst_oid(lc)));
	return images;
}

/* A function that is not trusted may call functions of any user. */
static void
refuse_untrusted(const CgImage *image)
{
	if (image->asked == NULL)
		return;
	if (OidIsValid(image->asked->untrusted))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s is not trusted, and the query for interventions of \"%s\" would call it",
						cg_names_function(image->asked->untrusted), get_rel_name(image->relid)),
				 cg_refused_relation(image->relid, InvalidAttrNumber),
				 errhint("%s", cg_trustlabel_mend(image->asked->untrusted))));
	if (image->asked->problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("relation \"%s\" cannot hold interventions: %s",
						get_rel_name(image->relid), image->asked->problem)));
}

void
cg_verdict_require_trust(Oid relid)
{
	CgImage    *image = cg_image_take(relid);
	char	   *problem = image->asked ? cg_asked_owner_problem(image->owner, image->asked) : NULL;

	refuse_untrusted(image);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the query for interventions of \"%s\" would run with too many rights: %s",
						get_rel_name(relid), problem),
				 errhint("Give \"%s\" to the role that owns the CRM.", get_rel_name(relid))));
}

void
cg_verdict_after(List *before, bool admin)
{
	ListCell   *lc;
	bool		pushed = false;

	if (before == NIL)
		return;
	CommandCounterIncrement();
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	foreach(lc, before)
	{
		CgImage    *image = lfirst(lc);

		CgImage    *after;

		/* It was dropped or forgotten.  That has a record of its own, and opens no window. */
		if (!cg_question_is_asked(image->relid))
			continue;
		after = cg_image_take(image->relid);
		if (cg_image_is_same(image, after))
			continue;
		if (!admin)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"contact_guard_admin\" to change the query for interventions of \"%s\"",
							get_rel_name(image->relid)),
					 cg_refused_relation(image->relid, InvalidAttrNumber),
					 errdetail("The new definition would decide which roles are shown guarded values.")));
		refuse_untrusted(after);
		cg_eventrecord_add("the query for interventions of %s has changed: %s",
						   get_rel_name(image->relid), cg_verdict_definition(image->relid));
	}
	if (pushed)
		PopActiveSnapshot();
}

char *
cg_verdict_definition(Oid relid)
{
	char	   *view;

	if (get_rel_relkind(relid) != RELKIND_VIEW && get_rel_relkind(relid) != RELKIND_MATVIEW)
		return psprintf("a %s", get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE ? "foreign table" : "table");
	view = TextDatumGetCString(DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(relid)));
	if (strlen(view) > DEFINITION_LENGTH)
		view[pg_mbcliplen(view, strlen(view), DEFINITION_LENGTH)] = '\0';
	return psprintf("the view %s", view);
}

static bool
is_forced(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		result = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->relforcerowsecurity;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

char *
cg_verdict_problem(Oid relid)
{
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];
	List	   *queries;
	Oid			owner = cg_question_owner(relid);
	char	   *problem;

	cg_labelparse_table(cg_labels_get(relid, 0), &label);
	cg_interventions_parts(relid, parts);
	if (cg_question_trees(relid, &label, parts, &queries))
		return NULL;
	problem = cg_verdict_row_security(queries);
	return problem ? problem : cg_asked_owner_problem(owner, cg_asked_find(owner, queries));
}

char *
cg_verdict_row_security(const List *queries)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, queries)
		foreach(lc2, lfirst_node(Query, lc)->rtable)
		{
			RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc2);
			char	   *beneath = rte->rtekind == RTE_SUBQUERY ?
				cg_verdict_row_security(list_make1(rte->subquery)) : NULL;

			if (beneath)
				return beneath;
			if (rte->rtekind == RTE_RELATION && rte->securityQuals != NIL && IsA(linitial(rte->securityQuals), Const))
				return psprintf("row security of relation \"%s\" hides all rows from its owner: no window opens",
								get_rel_name(rte->relid));
			if (rte->rtekind == RTE_RELATION && rte->securityQuals != NIL && is_forced(rte->relid))
				return psprintf("row security of relation \"%s\" is forced: windows whose rows it hides from its owner do not open",
								get_rel_name(rte->relid));
		}
	return NULL;
}
