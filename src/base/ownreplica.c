/*
 * ownreplica.c
 *		Our own tables under logical replication.
 *
 * FOR ALL TABLES publishes our tables with all others.  Rows that must not leave the
 * server are not decoded (ownrows.c).  Other rows must not be applied: the log, the
 * permissions and the state of a subscriber are its own, whatever a publisher sends.  No
 * hook sees the rows that an apply worker writes, since it does not start the executor.
 * So a trigger that fires only in replication discards them, and the subscription goes on.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "replication/logicalworker.h"
#include "replication/walsender.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "base/objects.h"
#include "base/ownreplica.h"
#include "base/owncommand.h"
#include "base/owntables.h"

PG_FUNCTION_INFO_V1(cg_discard_replicated);

static bool may_write(void);
static bool is_own_table(const RangeVar *name);
static void add_problem(HeapTuple row, TupleDesc tupdesc, void *arg);

/* The check of owntables.c, for the trigger: our own commands and a restore may write. */
static bool
may_write(void)
{
	if (cg_owntables_is_writing() || creating_extension || IsBinaryUpgrade)
		return true;
	return !IsLogicalWorker() && superuser() && !row_security;
}

Datum
cg_discard_replicated(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as a trigger", "discard_replicated")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		/* A trigger cannot discard a TRUNCATE. */
		if (!may_write())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("table \"%s.%s\" is reserved for contact_guard", CG_SCHEMA,
							RelationGetRelationName(trigger->tg_relation)),
					 errhint("Leave the tables of schema contact_guard out of the publication.")));
		PG_RETURN_POINTER(NULL);
	}
	if (!may_write())
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
}

static bool
is_own_table(const RangeVar *name)
{
	Oid			relid;

	if (name == NULL || !OidIsValid(cg_objects_schema()))
		return false;
	relid = RangeVarGetRelid(name, NoLock, true);
	return OidIsValid(relid) && cg_objects_is_own(relid);
}

/*
 * The initial copy is COPY of a table.  For a partitioned table or with a row filter it is
 * COPY of SELECT ... FROM the table.
 */
Node *
cg_ownreplica_empty_copy(const CopyStmt *copy)
{
	SelectStmt *select;
	A_Const    *never;
	ListCell   *lc;

	if (!am_walsender || copy->is_from)
		return NULL;
	never = makeNode(A_Const);
	never->val.boolval.type = T_Boolean;
	never->val.boolval.boolval = false;
	never->location = -1;
	if (copy->relation)
	{
		if (!is_own_table(copy->relation))
			return NULL;
		/* Without FROM: some of our tables may not be read at all. */
		select = makeNode(SelectStmt);
		foreach(lc, copy->attlist)
		{
			ResTarget  *target = makeNode(ResTarget);
			A_Const    *null = makeNode(A_Const);

			null->isnull = true;
			null->location = -1;
			target->name = pstrdup(strVal(lfirst(lc)));
			target->val = (Node *) null;
			target->location = -1;
			select->targetList = lappend(select->targetList, target);
		}
		select->whereClause = (Node *) never;
		return (Node *) select;
	}
	if (!IsA(copy->query, SelectStmt))
		return NULL;
	select = castNode(SelectStmt, copy->query);
	if (list_length(select->fromClause) != 1 || !IsA(linitial(select->fromClause), RangeVar) ||
		!is_own_table(linitial_node(RangeVar, select->fromClause)))
		return NULL;
	select = copyObject(select);
	select->whereClause = (Node *) never;
	return (Node *) select;
}

static void
add_problem(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	List	  **problems = arg;

	*problems = lappend(*problems, SPI_getvalue(row, tupdesc, 1));
}

List *
cg_ownreplica_problems(void)
{
	List	   *problems = NIL;

	cg_owncommand_query("SELECT format('publication %I publishes tables of contact_guard, though none of their rows that matter: "
					   "on a subscriber tables of the same names must exist, so set publish_via_partition_root, or publish schema by schema', p.pubname) "
					   "FROM pg_publication p WHERE EXISTS (SELECT FROM pg_get_publication_tables(p.pubname) t "
					   "JOIN pg_class c ON c.oid = t.relid WHERE c.relnamespace = 'contact_guard'::regnamespace)",
					   0, NULL, NULL, add_problem, &problems);
	cg_owncommand_query("SELECT format('subscription %I has tables of contact_guard: what it brings for them is dropped, since this server''s are its own', s.subname) "
					   "FROM pg_subscription s WHERE EXISTS (SELECT FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid "
					   "WHERE r.srsubid = s.oid AND c.relnamespace = 'contact_guard'::regnamespace)",
					   0, NULL, NULL, add_problem, &problems);
	return problems;
}
