/*
 * watch.c
 *		The triggers that record changes of windows: made, taken away, and kept.
 *
 * The relation's owner decides on its rows, but the trigger is policy, as the label is.
 * There are many ways to silence a trigger.  So what a command has done decides and not
 * which command it was: before and after it the catalog is asked whether each watched
 * relation has its triggers (watched.c).
 *
 * Some commands move windows although no row is written in a way that a trigger hears of: a
 * column gets a new type by USING, a table with rows becomes a partition.  They stay
 * possible, since migrations need them, and make a record that windows may have moved.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "base/refused.h"
#include "base/roles.h"
#include "command/runsql.h"
#include "command/watch.h"
#include "compat.h"
#include "journal/eventrecord.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/trial.h"
#include "policy/watched.h"
#include "policy/windowbeneath.h"
#include "policy/windowrow.h"

#define ROW_TRIGGER "contact_guard_window"
#define TRUNCATE_TRIGGER "contact_guard_truncate"

/* A column of "watched" */
typedef struct WatchedColumn
{
	Oid			relid;
	AttrNumber	attnum;
} WatchedColumn;

/* A table that must have the triggers, as it was before a command */
typedef struct WatchedBefore
{
	Oid			relid;
	char	   *name;
	List	   *problems;		/* texts */
	List	   *readers;		/* OIDs of the relations beneath which it is watched */
} WatchedBefore;

static WatchedColumn *watched_column(text *name);
static void set_key(Oid relid, AttrNumber attnum, bool watched);
static CgInterventions *named_relation(Oid relid);
static void check_own_rows(Oid relid);
static void check_beneath(Oid relid, const List *columns);
static void make_triggers(Oid relid);
static bool may_silence(Node *statement);
static const char *moves_windows(const AlterTableStmt *statement, Oid relid);
static void note_moves(const AlterTableStmt *statement, const List *relids);
static char *new_problem(const WatchedBefore *before);
static char *left_problem(const WatchedBefore *before);

/* Finds and locks the table of a name such as crm.visit.id. */
static WatchedColumn *
watched_column(text *name)
{
	List	   *names = textToQualifiedNameList(name);
	WatchedColumn *result = palloc(sizeof(WatchedColumn));
	char	   *column = strVal(llast(names));

	if (list_length(names) != 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is not the name of a schema, a table and a column", text_to_cstring(name)),
				 errhint("Name the column that has the ids of interventions, as in watched => '{crm.visit.id}'.")));
	result->relid = RangeVarGetRelid(makeRangeVarFromNameList(list_truncate(names, 2)), ShareRowExclusiveLock, false);
	cg_roles_require_policy_owner(result->relid, "name a table beneath an interventions relation");
	result->attnum = get_attnum(result->relid, column);
	if (result->attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", column, get_rel_name(result->relid))));
	return result;
}

List *
cg_watch_columns(ArrayType *names)
{
	Datum	   *datums;
	bool	   *nulls;
	int			count;
	List	   *columns = NIL;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &datums, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the names of watched columns must not be null")));
		columns = lappend(columns, watched_column(DatumGetTextPP(datums[i])));
	}
	return columns;
}

static void
set_key(Oid relid, AttrNumber attnum, bool watched)
{
	CgColumnLabel label;

	cg_labelparse_column(cg_labels_get(relid, attnum), &label);
	label.watched = watched;
	cg_labels_set_column(relid, attnum, &label);
}

static CgInterventions *
named_relation(Oid relid)
{
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->relid == relid && !from->broken)
			return from;
		if (from->relid == relid)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("relation \"%s\" cannot be watched: %s", get_rel_name(relid), from->broken)));
	}
	elog(ERROR, "relation %u holds no interventions", relid);
}

static void
compile_row(void *argument)
{
	(void) cg_windowrow_get(argument);
}

/* A view has no rows that change, and rows of a foreign table change elsewhere. */
static void
check_own_rows(Oid relid)
{
	char		relkind = get_rel_relkind(relid);
	char	   *problem;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		problem = "it is not a table";
	else
		problem = cg_trial_run(compile_row, named_relation(relid));
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the rows of \"%s\" alone do not tell its windows: %s", get_rel_name(relid), problem),
				 errhint("Name the columns with its ids in the tables that it reads, as in watched => '{crm.visit.id, crm.assignment.visit_id}'.")));
}

static void
check_beneath(Oid relid, const List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		WatchedColumn *column = lfirst(lc);
		CgInterventions *from = named_relation(relid);

		if (!list_member_oid(from->relations, column->relid))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" does not read table \"%s\"", get_rel_name(relid), get_rel_name(column->relid))));
		cg_windowbeneath_prepare(from, getBaseType(get_atttype(column->relid, column->attnum)));
	}
}

static void
make_triggers(Oid relid)
{
	char	   *name = cg_runsql_name(relid);
	List	   *problems;

	/* Another relation may have needed them before. */
	cg_watch_drop(relid);
	cg_runsql_execute(psprintf("CREATE TRIGGER " ROW_TRIGGER " AFTER INSERT OR UPDATE OR DELETE ON %s "
						 "FOR EACH ROW EXECUTE FUNCTION contact_guard.note_window()", name));
	cg_runsql_execute(psprintf("CREATE TRIGGER " TRUNCATE_TRIGGER " AFTER TRUNCATE ON %s "
						 "FOR EACH STATEMENT EXECUTE FUNCTION contact_guard.note_window()", name));
	cg_runsql_execute(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER " ROW_TRIGGER ", "
						 "ENABLE ALWAYS TRIGGER " TRUNCATE_TRIGGER, name));
	CommandCounterIncrement();
	problems = cg_watched_problems(relid);
	if (problems != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("changes of \"%s\" cannot be watched: %s", get_rel_name(relid), (char *) linitial(problems))));
}

void
cg_watch_make(Oid relid, const List *columns)
{
	ListCell   *lc;

	/* The invalidation by the relation's own labels is heard then. */
	CommandCounterIncrement();
	if (columns == NIL)
	{
		check_own_rows(relid);
		make_triggers(relid);
		return;
	}
	check_beneath(relid, columns);
	foreach(lc, columns)
		set_key(((WatchedColumn *) lfirst(lc))->relid, ((WatchedColumn *) lfirst(lc))->attnum, true);
	foreach(lc, columns)
		make_triggers(((WatchedColumn *) lfirst(lc))->relid);
}

void
cg_watch_drop(Oid relid)
{
	ListCell   *lc;

	foreach(lc, cg_watched_triggers(relid))
		cg_runsql_execute(psprintf("DROP TRIGGER %s ON %s", quote_identifier(lfirst(lc)), cg_runsql_name(relid)));
	CommandCounterIncrement();
}

/* Other watched relations may need the same tables. */
void
cg_watch_forget(Oid relid)
{
	List	   *others = NIL;
	ListCell   *lc;
	ListCell   *lk;

	foreach(lc, cg_watched_named())
		if (lfirst_oid(lc) != relid)
			others = list_concat(others, cg_watched_tables(lfirst_oid(lc)));
	foreach(lc, cg_watched_tables(relid))
	{
		if (list_member_oid(others, lfirst_oid(lc)))
			continue;
		foreach(lk, cg_watched_keys(lfirst_oid(lc)))
			set_key(lfirst_oid(lc), lfirst_int(lk), false);
		cg_watch_drop(lfirst_oid(lc));
	}
}

void
cg_watch_retire(void)
{
	ListCell   *lc;
	ListCell   *lk;

	foreach(lc, cg_labels_relations())
		foreach(lk, cg_watched_keys(lfirst_oid(lc)))
			set_key(lfirst_oid(lc), lfirst_int(lk), false);
	foreach(lc, cg_watched_with_triggers())
		cg_watch_drop(lfirst_oid(lc));
}

/*
 * A list of the commands that take a trigger away would have holes: DROP EXTENSION drops what
 * depends on the extension, and a foreign table may inherit.  So all are compared but those
 * that applications run often and that make something which no watched table is part of.
 */
static bool
may_silence(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			return ((CreateStmt *) statement)->inhRelations != NIL;
		case T_CreateForeignTableStmt:
			return ((CreateForeignTableStmt *) statement)->base.inhRelations != NIL;
		case T_IndexStmt:
		case T_ReindexStmt:
			return false;
		default:
			return true;
	}
}

/* What the statement does to rows without a trigger, as a clause; or NULL. */
static const char *
moves_windows(const AlterTableStmt *statement, Oid relid)
{
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		switch ((int) command->subtype)
		{
			case AT_AlterColumnType:
			case AT_SetExpression:
				if (cg_watched_decides(relid, command->name))
					return psprintf("column \"%s\" was computed anew", command->name);
				break;
			case AT_AttachPartition:
				return "a table has become a partition, with its rows";
			case AT_DetachPartition:
			case AT_DetachPartitionFinalize:
				return "a partition has left, with its rows";
			default:
				break;
		}
	}
	return NULL;
}

/* Before the command: if it fails, the note is taken back with it. */
static void
note_moves(const AlterTableStmt *statement, const List *relids)
{
	Oid			relid = relids == NIL ? InvalidOid : linitial_oid(relids);
	const char *why;

	if (!OidIsValid(relid) || (!OidIsValid(cg_watched_root(relid)) && cg_watched_readers(relid) == NIL))
		return;
	why = moves_windows(statement, relid);
	if (why)
		cg_watched_note(relid, why);
}

List *
cg_watch_before(Node *statement, List *relids)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (!may_silence(statement))
		return NIL;
	foreach(lc, cg_watched_list())
	{
		WatchedBefore *watched = palloc(sizeof(WatchedBefore));

		watched->relid = lfirst_oid(lc);
		watched->name = get_rel_name(watched->relid);
		watched->problems = cg_watched_problems(watched->relid);
		watched->readers = cg_watched_readers(watched->relid);
		result = lappend(result, watched);
	}
	if (IsA(statement, AlterTableStmt))
		note_moves((AlterTableStmt *) statement, relids);
	return result;
}

/* What is now in the way of records, and was not before the command; or NULL. */
static char *
new_problem(const WatchedBefore *before)
{
	ListCell   *lc;
	ListCell   *lb;

	foreach(lc, cg_watched_problems(before->relid))
	{
		bool		known = false;

		foreach(lb, before->problems)
			known |= strcmp(lfirst(lc), lfirst(lb)) == 0;
		if (!known)
			return lfirst(lc);
	}
	return NULL;
}

/*
 * A relation of interventions that is dropped has a record of its own.  A table beneath has not:
 * another one of its name could take its place, unwatched.
 */
static char *
left_problem(const WatchedBefore *before)
{
	ListCell   *lc;

	foreach(lc, before->readers)
		if (list_member_oid(cg_watched_named(), lfirst_oid(lc)))
			return psprintf("table \"%s\", which \"%s\" reads, is not watched any more", before->name, get_rel_name(lfirst_oid(lc)));
	return NULL;
}

void
cg_watch_after(List *before, bool admin)
{
	List	   *watched;
	ListCell   *lc;

	if (before == NIL)
		return;
	CommandCounterIncrement();
	watched = cg_watched_list();
	foreach(lc, before)
	{
		const WatchedBefore *was = lfirst(lc);
		char	   *problem = list_member_oid(watched, was->relid) ? new_problem(was) : left_problem(was);

		if (problem == NULL)
			continue;
		if (!admin)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"contact_guard_admin\" to change what records the windows of \"%s\"",
							was->name),
					 cg_refused_relation(was->relid, InvalidAttrNumber),
					 errdetail("Changes of its windows would not be recorded any more: %s.", problem)));
		cg_eventrecord_add("changes of the windows of %s are not recorded any more: %s", was->name, problem);
	}
}

void
cg_watch_drop_partition(Oid relid)
{
	if (get_rel_relispartition(relid))
		cg_watched_note(relid, "a partition was dropped, with its rows");
}

void
cg_watch_truncate(Oid relid)
{
	if (get_rel_relispartition(relid))
		cg_watched_note(relid, CG_WATCHED_TRUNCATED);
}
