/*
 * around.c
 *		The statements around an execution: what they write, and whether a mask has
 *		chosen their rows.
 *
 * A mask that a function returns is stored, or decides a write, if the statement that
 * has called the function writes.  That statement is an execution, a query that is
 * being planned (which runs functions that are marked IMMUTABLE), or a utility
 * command that evaluates expressions: COPY FROM, ALTER TABLE, the arguments of EXECUTE.
 * They nest in one stack.
 *
 * The statement that fires a trigger does not depend on results of the trigger's queries,
 * and a CRM's triggers may look at masks.  So a search ends at the innermost trigger.
 */
#include "postgres.h"

#include "commands/prepare.h"
#include "nodes/makefuncs.h"
#include "read/called.h"
#include "read/folding.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/plancache.h"
#include "utils/portal.h"

#include "base/owntables.h"
#include "base/special.h"
#include "policy/commands.h"
#include "read/around.h"
#include "read/chosen.h"

#define FOLDED_IN_PLAN "contact_guard folded"
#define MASKED_IN_PLAN "contact_guard folded a mask"

CgAround   *cg_around_now = NULL;
static bool any_marked = false; /* a plan of this session has a mark of folding */
static bool any_chose = false;	/* a mask has chosen rows of some execution of this session */

static int	writes_of(CmdType command);
static int	writes_of_raw(Node *statement);
static int	writes_of_command(Node *statement, const char **prepared);
static void resolve(CgAround *around);
static int	writes_of_outer(CgAround *outer, const CgAround *inner);
static bool is_of_prepared(const CgAround *around, const CgAround *inner);
static bool stores_by_destination(const QueryDesc *query);
static bool has_folded(const PlannedStmt *plan, bool *masked);
static void require_free_choice(void);
static int	writes_around(void);

static int
writes_of(CmdType command)
{
	switch (command)
	{
		case CMD_SELECT:
		case CMD_UTILITY:
		case CMD_NOTHING:
			return 0;
		case CMD_DELETE:
			return CG_AROUND_DELETES;
		default:
			return CG_AROUND_STORES;
	}
}

int
cg_around_writes_of_query(const Query *query)
{
	int			writes = writes_of(query->commandType);
	ListCell   *lc;

	/* Data-modifying CTEs stand only at the top level. */
	foreach(lc, query->cteList)
	{
		Node	   *cte = lfirst_node(CommonTableExpr, lc)->ctequery;

		if (IsA(cte, Query))
			writes |= writes_of(((Query *) cte)->commandType);
	}
	return writes;
}

int
cg_around_writes_of_plan(const PlannedStmt *plan)
{
	int			writes = writes_of(plan->commandType);
	ListCell   *lc;

	foreach(lc, plan->hasModifyingCTE ? plan->subplans : NIL)
		if (lfirst(lc) && IsA(lfirst(lc), ModifyTable))
			writes |= writes_of(((ModifyTable *) lfirst(lc))->operation);
	/* If the planner has put the ModifyTable elsewhere, assume both kinds of writes. */
	if (plan->hasModifyingCTE && writes == 0)
		writes = CG_AROUND_STORES | CG_AROUND_DELETES;
	return writes;
}

/* The writes of a statement that is not analysed. */
static int
writes_of_raw(Node *statement)
{
	int			writes = 0;
	ListCell   *lc;

	if (statement == NULL)
		return 0;
	if (IsA(statement, DeleteStmt))
		return CG_AROUND_DELETES;
	if (!IsA(statement, SelectStmt))
		return CG_AROUND_STORES;
	if (((SelectStmt *) statement)->withClause)
		foreach(lc, ((SelectStmt *) statement)->withClause->ctes)
			writes |= writes_of_raw(lfirst_node(CommonTableExpr, lc)->ctequery);
	return writes;
}

static int
writes_of_command(Node *statement, const char **prepared)
{
	if (IsA(statement, ExplainStmt))
	{
		Query	   *query = (Query *) ((ExplainStmt *) statement)->query;

		if (query == NULL || !IsA(query, Query) || query->utilityStmt == NULL)
			return 0;
		return writes_of_command(query->utilityStmt, prepared);
	}
	if (IsA(statement, ExecuteStmt))
	{
		PreparedStatement *entry = FetchPreparedStatement(((ExecuteStmt *) statement)->name, false);

		if (entry == NULL || entry->plansource->raw_parse_tree == NULL)
			return 0;
		*prepared = entry->plansource->query_string;
		return writes_of_raw(entry->plansource->raw_parse_tree->stmt);
	}
	if (IsA(statement, CopyStmt) && !((CopyStmt *) statement)->is_from)
		return 0;
	return cg_commands_stores(nodeTag(statement)) ? CG_AROUND_STORES : 0;
}

void
cg_around_recall(CgAround *around)
{
	cg_folding_enter_execution();
	around->chose = cg_chosen_get(around->query, &around->chosen_by);
}

void
cg_around_enter_planning(CgAround *around, const Query *query)
{
	cg_around_enter(around, NULL, NULL);
	if (query->commandType != CMD_SELECT || query->cteList != NIL)
		around->writes = cg_around_writes_of_query(query);
	around->planning = true;
}

void
cg_around_enter_other_command(CgAround *around, Node *statement)
{
	/* After this command the names in an EXECUTE around it may mean other statements. */
	if (IsA(statement, DeallocateStmt) || IsA(statement, DiscardStmt))
		for (CgAround *e = cg_around_now; e; e = e->outer)
			resolve(e);
	cg_around_enter(around, NULL, IsA(statement, ExplainStmt) ? statement : NULL);
	if (!IsA(statement, ExplainStmt))
		around->writes = writes_of_command(statement, &around->prepared);
}

/* The writes of most statements are found when they are asked for, which is rare. */
static void
resolve(CgAround *around)
{
	Node	   *statement = around->unresolved;

	around->unresolved = NULL;
	if (statement && IsA(statement, PlannedStmt))
		around->writes = cg_around_writes_of_plan((PlannedStmt *) statement);
	else if (statement)
		around->writes = writes_of_command(statement, &around->prepared);
}

/* The prepared statement of an EXECUTE has writes of its own; those here are the arguments'. */
static int
writes_of_outer(CgAround *outer, const CgAround *inner)
{
	resolve(outer);
	return outer->prepared && is_of_prepared(outer, inner) ? 0 : outer->writes;
}

/*
 * Is "inner" the execution of the prepared statement itself?  EXECUTE runs the statement
 * in a portal of its own with a copy of the text; EXPLAIN runs it without a portal.  The
 * text alone proves nothing: a function among the arguments may run a cursor with the same
 * text.  But a function's language sets an error context around everything that it runs.
 */
static bool
is_of_prepared(const CgAround *around, const CgAround *inner)
{
	const char *text = inner->query ? inner->query->sourceText : NULL;

	if (text == NULL || inner->errors != around->errors)
		return false;
	if (text == around->prepared)
		return true;
	return inner->portal && inner->portal != around->portal && inner->portal->sourceText == text &&
		strcmp(text, around->prepared) == 0;
}

static bool
stores_by_destination(const QueryDesc *query)
{
	CommandDest dest = query && query->dest ? query->dest->mydest : DestNone;

	return dest == DestIntoRel || dest == DestTransientRel;
}

void
cg_around_mark_plan(const CgAround *around, PlannedStmt *plan)
{
	RangeTblEntry *rte;

	if (!around->folded)
		return;
	rte = makeNode(RangeTblEntry);
	rte->rtekind = RTE_RESULT;
	rte->eref = makeAlias("contact_guard", NIL);
	rte->enrname = pstrdup(around->masked ? MASKED_IN_PLAN : FOLDED_IN_PLAN);
	plan->rtable = lappend(plan->rtable, rte);
	/* PL/pgSQL must not treat it as a simple expression, which it would evaluate itself. */
	plan->transientPlan = true;
	cg_special_note();
	any_marked = true;
}

/* Other marks of ours may stand after this one. */
static bool
has_folded(const PlannedStmt *plan, bool *masked)
{
	for (int i = list_length(plan->rtable) - 1; i >= 0; i--)
	{
		const RangeTblEntry *rte = list_nth_node(RangeTblEntry, plan->rtable, i);

		if (rte->rtekind != RTE_RESULT || rte->enrname == NULL)
			return false;
		*masked = strcmp(rte->enrname, MASKED_IN_PLAN) == 0;
		if (*masked || strcmp(rte->enrname, FOLDED_IN_PLAN) == 0)
			return true;
	}
	return false;
}

void
cg_around_require_free_choice(void)
{
	if (any_marked || any_chose)
		require_free_choice();
}

static void
require_free_choice(void)
{
	bool		chose = false;
	bool		masked = false;
	bool		folded = cg_around_now->query && has_folded(cg_around_now->query->plannedstmt, &masked);

	resolve(cg_around_now);
	if (folded && (cg_around_now->writes != 0 || writes_around() != 0 ||
				   cg_called_stores(cg_around_now->query->plannedstmt)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("withheld values cannot be stored, nor decide which rows are written"),
				 errdetail("A function that is marked IMMUTABLE read them when the statement was planned."),
				 errhint("Mark functions that read tables STABLE or VOLATILE.")));
	/* The use of the constant is not known any more, so assume all of them. */
	if (masked)
		cg_around_note_choice(true, false, true);
	for (CgAround *e = cg_around_now->outer; e && e->triggers == cg_around_now->triggers; e = e->outer)
		chose |= e->chose && !(OidIsValid(e->chosen_by) && cg_called_is_below(e, e->chosen_by));
	if (!chose || cg_owntables_is_writing())
		return;
	if (cg_around_now->writes != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("withheld values would decide what a function writes"),
				 errdetail("The query that calls the function has chosen its rows, or its calls of functions, by masks of guarded columns."),
				 errhint("Choose the rows by other columns, or with a standing permission: see contact_guard.allow().")));
}

/* Without the innermost execution's own writes, which reveal() knows from the rewrite. */
static int
writes_around(void)
{
	int			writes = 0;
	const CgAround *inner = NULL;

	for (CgAround *e = cg_around_now; e && e->triggers == cg_around_now->triggers; e = e->outer)
	{
		if (inner)
			writes |= writes_of_outer(e, inner);
		inner = e;
		if (stores_by_destination(e->query))
			writes |= CG_AROUND_STORES;
	}
	return writes;
}

bool
cg_around_stores(void)
{
	return (writes_around() & CG_AROUND_STORES) != 0;
}

bool
cg_around_deletes(void)
{
	return (writes_around() & CG_AROUND_DELETES) != 0;
}

/* The result of a STABLE function goes into estimates only, not into the plan. */
void
cg_around_note_folded(bool mask)
{
	for (CgAround *e = cg_around_now; e && e->triggers == cg_around_now->triggers; e = e->outer)
	{
		if (!e->planning || !cg_folding_is_for(e))
			continue;
		e->folded = true;
		e->masked |= mask;
	}
}

void
cg_around_note_chosen_by(CgAround *around, Oid function)
{
	if (around->chose && around->chosen_by != function)
		function = InvalidOid;
	cg_special_note();
	around->chose = any_chose = true;
	around->chosen_by = function;
	if (around->query)
		cg_chosen_keep(around->query, function);
}

void
cg_around_note_choice(bool own, bool order, bool flows)
{
	if (cg_around_now == NULL || !(own || order || flows))
		return;
	if (own)
		cg_around_note_chosen_by(cg_around_now, InvalidOid);
	for (CgAround *e = cg_around_now; e && e->triggers == cg_around_now->triggers; e = e->outer)
	{
		if (e->query == NULL || e->noted || (e == cg_around_now && !own && !order))
			continue;
		cg_chosen_note(e->query);
		e->noted = true;
	}
}

/*
 * The security context alone does not tell: code of a user that PostgreSQL's query calls
 * runs in it, too.  Such code runs while that query is planned, prepared for its run, or
 * run, so there is a frame of that query around what the code does.
 */
bool
cg_around_is_foreign_key_check(bool running)
{
	const CgAround *own = cg_around_now;

	return InNoForceRLSOperation() && own && own->in_check && own->planning != running &&
		!(own->outer && own->outer->in_check);
}
