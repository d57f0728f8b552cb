/*
 * chosen.c
 *		Cursors whose rows a mask has had a part in choosing.
 *
 * UPDATE and DELETE … WHERE CURRENT OF write the row at which a cursor stands.  Which
 * row that is, the cursor's own query has decided, in an execution that writes
 * nothing; so it is remembered for as long as that query can be run on, and asked
 * for by the statement that writes.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/syscache.h"

#include "calls.h"
#include "chosen.h"
#include "objects.h"
#include "site.h"

PG_FUNCTION_INFO_V1(cg_chosen);

static List *noted = NIL;		/* of QueryDesc, in TopMemoryContext */

static void forget(void *query);
static bool collect_walker(Node *node, void *context);
static Node *cursor_name(const CurrentOfExpr *current);
static Oid	chosen_function(void);
static void guard(Query *query, Oid function);

void
cg_chosen_note(QueryDesc *query)
{
	MemoryContext oldcontext;
	MemoryContextCallback *callback;

	if (query->estate == NULL || list_member_ptr(noted, query))
		return;
	callback = MemoryContextAllocZero(query->estate->es_query_cxt, sizeof(MemoryContextCallback));
	callback->func = forget;
	callback->arg = query;
	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	noted = lappend(noted, query);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextRegisterResetCallback(query->estate->es_query_cxt, callback);
}

static void
forget(void *query)
{
	noted = list_delete_ptr(noted, query);
}

static bool
collect_walker(Node *node, void *context)
{
	List	  **found = context;

	if (node == NULL)
		return false;
	if (IsA(node, CurrentOfExpr))
		*found = lappend(*found, node);
	return expression_tree_walker(node, collect_walker, context);
}

static Node *
cursor_name(const CurrentOfExpr *current)
{
	Param	   *param;

	if (current->cursor_name)
		return (Node *) makeConst(TEXTOID, -1, C_COLLATION_OID, -1,
								  CStringGetTextDatum(current->cursor_name), false, false);
	param = makeNode(Param);
	param->paramkind = PARAM_EXTERN;
	param->paramid = current->cursor_param;
	param->paramtype = REFCURSOROID;
	param->paramtypmod = -1;
	param->location = -1;
	return (Node *) makeRelabelType((Expr *) param, TEXTOID, -1, C_COLLATION_OID,
									COERCE_IMPLICIT_CAST);
}

/*
 * InvalidOid where an older version of the extension is installed: what reads
 * nothing guarded must go on working there.
 */
static Oid
chosen_function(void)
{
	Oid			types[2] = {TEXTOID, cg_objects_site_type()};
	oidvector  *arguments = buildoidvector(types, lengthof(types));

	if (!SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum("chosen"),
							   PointerGetDatum(arguments), ObjectIdGetDatum(cg_objects_schema())))
		return InvalidOid;
	return cg_objects_function("chosen");
}

static void
guard(Query *query, Oid function)
{
	CgSite		site = {InvalidOid, 0, 0};
	List	   *found = NIL;
	ListCell   *lc;

	if (query->commandType != CMD_UPDATE && query->commandType != CMD_DELETE)
		return;
	(void) collect_walker(query->jointree->quals, &found);
	foreach(lc, found)
	{
		List	   *args = list_make2(cursor_name(lfirst(lc)), cg_calls_site(site));

		query->jointree->quals =
			make_and_qual(query->jointree->quals,
						  (Node *) makeFuncExpr(function, BOOLOID, args, InvalidOid,
												C_COLLATION_OID, COERCE_EXPLICIT_CALL));
	}
}

void
cg_chosen_guard(Query *query)
{
	Oid			function = chosen_function();
	ListCell   *lc;

	if (!OidIsValid(function))
		return;
	guard(query, function);
	/* Such CTEs stand at the top alone. */
	foreach(lc, query->cteList)
		guard(castNode(Query, lfirst_node(CommonTableExpr, lc)->ctequery), function);
}

/* chosen(cursor, site): has the cursor's own query chosen its rows without masks? */
Datum
cg_chosen(PG_FUNCTION_ARGS)
{
	Portal		portal = GetPortalByName(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (PortalIsValid(portal) && portal->queryDesc && list_member_ptr(noted, portal->queryDesc))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("withheld values would decide which rows are written"),
				 errdetail("The query of cursor \"%s\" has a condition on a guarded column, which saw masks.",
						   portal->name),
				 errhint("Choose the rows by other columns, or with a standing permission: see contact_guard.allow().")));
	PG_RETURN_BOOL(true);
}
