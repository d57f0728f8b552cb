/*
 * owncommand.c
 *		Commands of the library's own code on the extension's own tables.
 *
 * They run with the rights of the bootstrap superuser, with settings that the session
 * cannot choose, and with the permission to write our tables.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/objects.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "base/settings.h"
#include "compat.h"

/* The number of rows that are fetched from a query at a time */
#define FETCH_ROWS 1000

/* Statements whose plans the recorder keeps. */
#define PREPARED_MAX 32

typedef struct Command
{
	const char *sql;
	int			nargs;
	Oid		   *types;
	Datum	   *values;
	const char *nulls;
	/* For a query of which all rows are needed: */
	void		(*each) (HeapTuple row, TupleDesc tupdesc, void *arg);
	void	   *arg;
	/* For a query of which the first value is needed: */
	bool		selects;
	Oid			type;			/* InvalidOid: only whether there is a row */
	Datum		value;			/* palloc'd in the caller's memory */
	bool		isnull;
	uint64		processed;
} Command;

/* A statement that the recorder has run before. */
typedef struct Prepared
{
	const char *sql;
	SPIPlanPtr	plan;
} Prepared;

static Prepared prepared[PREPARED_MAX];
static int	prepared_count = 0;

static SPIPlanPtr prepare_command(const Command *command);
static int	execute_command(const Command *command);
static void take_value(Command *command, MemoryContext caller);

/* Runs a command with the rights, settings and permission described above. */
static void
run_as_ours(void (*run) (void *), void *arg)
{
	Oid			user;
	int			sec_context;
	int			nestlevel = NewGUCNestLevel();
	bool		was_writing = cg_owntables_is_writing();

	/* With these rights a text must not name tables that only have our names. */
	cg_objects_require();
	GetUserIdAndSecContext(&user, &sec_context);
	/* The recorder's settings are pinned already. */
	if (!cg_owntables_is_process_ours())
		cg_settings_pin_command();
	PG_TRY();
	{
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID,
							   sec_context | SECURITY_LOCAL_USERID_CHANGE);
		(void) cg_owntables_allow_writing(true);
		run(arg);
	}
	PG_FINALLY();
	{
		(void) cg_owntables_allow_writing(was_writing);
		SetUserIdAndSecContext(user, sec_context);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, nestlevel);
}

static void
fetch_rows(Command *command, MemoryContext caller)
{
	Portal		portal = SPI_cursor_open_with_args(NULL, command->sql, command->nargs, command->types,
												   command->values, command->nulls, false, 0);

	for (;;)
	{
		MemoryContext spi;

		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		spi = MemoryContextSwitchTo(caller);
		for (uint64 i = 0; i < SPI_processed; i++)
			command->each(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, command->arg);
		MemoryContextSwitchTo(spi);
		command->processed += SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
}

/*
 * The kept plan of a statement, or NULL if there is no room for one more.  PostgreSQL makes
 * a kept plan anew when a table of it has changed.
 */
static SPIPlanPtr
prepare_command(const Command *command)
{
	SPIPlanPtr	plan;

	for (int i = 0; i < prepared_count; i++)
		if (strcmp(prepared[i].sql, command->sql) == 0)
			return prepared[i].plan;
	if (prepared_count == PREPARED_MAX)
		return NULL;
	plan = SPI_prepare(command->sql, command->nargs, command->types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare \"%s\"", command->sql);
	prepared[prepared_count].sql = MemoryContextStrdup(TopMemoryContext, command->sql);
	prepared[prepared_count++].plan = plan;
	return plan;
}

/*
 * The recorder runs the same few statements for each batch of records.  To parse and plan
 * them each time took half of its time where batches are small.
 */
static int
execute_command(const Command *command)
{
	SPIPlanPtr	plan = cg_owntables_is_process_ours() ? prepare_command(command) : NULL;

	if (plan)
		return SPI_execute_plan(plan, command->values, command->nulls, false, command->selects ? 1 : 0);
	return SPI_execute_with_args(command->sql, command->nargs, command->types, command->values,
								 command->nulls, false, command->selects ? 1 : 0);
}

static void
run_statement(void *arg)
{
	Command    *command = arg;
	MemoryContext caller = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (command->each)
		fetch_rows(command, caller);
	else
	{
		int			result = execute_command(command);

		if (result < 0 || (result == SPI_OK_SELECT) != command->selects)
			elog(ERROR, "could not execute \"%s\"", command->sql);
		command->processed = SPI_processed;
		if (SPI_processed > 0 && OidIsValid(command->type))
			take_value(command, caller);
	}
	SPI_finish();
}

static void
take_value(Command *command, MemoryContext caller)
{
	MemoryContext spi;
	int16		length;
	bool		by_value;

	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != command->type)
		elog(ERROR, "\"%s\" gives type %u, not %u", command->sql, SPI_gettypeid(SPI_tuptable->tupdesc, 1), command->type);
	command->value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &command->isnull);
	if (command->isnull)
		return;
	get_typlenbyval(command->type, &length, &by_value);
	spi = MemoryContextSwitchTo(caller);
	command->value = length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(command->value)) :
		datumCopy(command->value, by_value, length);
	MemoryContextSwitchTo(spi);
}

uint64
cg_owncommand_execute(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	Command		command = {sql, nargs, types, values, nulls};

	run_as_ours(run_statement, &command);
	return command.processed;
}

bool
cg_owncommand_select(const char *sql, int nargs, Oid *types, Datum *values, Oid type, Datum *result)
{
	Command		command = {sql, nargs, types, values, .selects = true, .type = type};

	run_as_ours(run_statement, &command);
	if (command.processed == 0 || command.isnull)
		return false;
	*result = command.value;
	return true;
}

bool
cg_owncommand_select_int8(const char *sql, int nargs, Oid *types, Datum *values, int64 *result)
{
	Datum		value;

	if (!cg_owncommand_select(sql, nargs, types, values, INT8OID, &value))
		return false;
	*result = DatumGetInt64(value);
	return true;
}

bool
cg_owncommand_finds(const char *sql, int nargs, Oid *types, Datum *values)
{
	Command		command = {sql, nargs, types, values, .selects = true};

	run_as_ours(run_statement, &command);
	return command.processed > 0;
}

void
cg_owncommand_query(const char *sql, int nargs, Oid *types, Datum *values,
				   void (*each) (HeapTuple row, TupleDesc tupdesc, void *arg), void *arg)
{
	Command		command = {sql, nargs, types, values, .each = each, .arg = arg};

	run_as_ours(run_statement, &command);
}

/*
 * Runs the command as a part of another command, for which PostgreSQL fires no event
 * triggers, and does not call the hooks of other libraries.  The command does not concern
 * them, and an error of a hook would stop the recorder.
 */
static void
run_utility(void *arg)
{
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->commandType = CMD_UTILITY;
	statement->canSetTag = true;
	statement->utilityStmt = linitial_node(RawStmt, raw_parser(arg, RAW_PARSE_DEFAULT))->stmt;
	statement->stmt_location = -1;
	standard_ProcessUtility(statement, arg, false, PROCESS_UTILITY_SUBCOMMAND, NULL, NULL, None_Receiver, NULL);
	CommandCounterIncrement();
}

void
cg_owncommand_utility(char *sql)
{
	run_as_ours(run_utility, sql);
}

/*
 * TRUNCATE is not decoded, and does not wait for a lock on a row by a transaction that was
 * never begun (see epoch.c).
 */
static void
run_truncate(void *arg)
{
	Oid			relid = *(Oid *) arg;
	Relation	rel = table_open(relid, AccessExclusiveLock);

	cg_compat_truncate(list_make1(rel), list_make1_oid(relid));
	table_close(rel, NoLock);
	CommandCounterIncrement();
}

void
cg_owncommand_truncate(const char *table)
{
	Oid			relid = cg_objects_relation(table, false);

	run_as_ours(run_truncate, &relid);
}
