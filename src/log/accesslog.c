/*
 * accesslog.c
 *		Rows of contact_guard.log, which has one partition for each month.
 *
 * Months begin in UTC.  A partition is created as a separate table and then attached.
 * ATTACH PARTITION takes a lock that does not conflict with queries of the log.  CREATE
 * TABLE ... PARTITION OF would wait for the longest query, and later queries would wait
 * behind it.  The partition of the next month is created a week ahead.
 *
 * Rows are inserted by table_multi_insert and not by the executor, because the recorder
 * must keep up with all readers together.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/acls.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "log/accesslog.h"
#include "log/logcommon.h"
#include "log/logindex.h"

#define AHEAD_USECS (7 * USECS_PER_DAY)
#define AT(column) place[Anum_log_##column - 1]
#define SLOTS 1000
#define VALUES_BYTES (1024 * 1024)

/* A value that has been made of a string, for the rows behind that have the same. */
typedef struct Kept
{
	const char *string;			/* NULL: none */
	Datum		value;
} Kept;

/* Writes into one partition. */
typedef struct Writer
{
	CgOwnWriter own;
	int			place[CG_OWN_COLUMNS];	/* where the partition has each column */
	BulkInsertState bulk;
	CgLogIndexes *indexes;
	TupleTableSlot *slots[SLOTS];
	int			used;
	Kept		kept[CG_OWN_COLUMNS];	/* texts, by the library's number of the column */
	const CgRecord *columns_of; /* the record whose columns are in columns, or NULL */
	Datum		columns;
} Writer;

/*
 * The values of rows that are not inserted yet.  The memory of the process's first rows
 * serves all others: to get it from the system for each batch costs much.
 */
static MemoryContext values = NULL;

/* The install script has the same list, for the tables that it creates. */
static const char *const personal[] = {
	"actor", "login", "customer", "intervention", "purpose", "reason", "client", "application", "session", "technician"
};

static Oid	partition_for(TimestampTz at);
static void join_extension(const char *name);
static void open_writer(Writer *writer, Oid relid);
static void flush_writer(Writer *writer);
static void close_writer(Writer *writer);
static void set_shared(Writer *writer, TupleTableSlot *slot, const CgLogRow *row);
static void fill_slot(Writer *writer, TupleTableSlot *slot, const CgLogRow *row);

void
cg_accesslog_insert(List *rows)
{
	Writer	   *writer = palloc0(sizeof(Writer));
	ListCell   *lc;

	if (values == NULL)
		values = AllocSetContextCreate(TopMemoryContext, "contact_guard rows", 0, VALUES_BYTES, VALUES_BYTES);
	(void) partition_for(GetCurrentTimestamp() + AHEAD_USECS);
	foreach(lc, rows)
	{
		CgLogRow   *row = lfirst(lc);
		Oid			partition = partition_for(row->record.read_at);

		if (writer->own.relid != partition)
		{
			close_writer(writer);
			open_writer(writer, partition);
		}
		if (writer->used == SLOTS)
			flush_writer(writer);
		if (writer->slots[writer->used] == NULL)
			writer->slots[writer->used] = table_slot_create(writer->own.rel, NULL);
		fill_slot(writer, writer->slots[writer->used++], row);
	}
	close_writer(writer);
	pfree(writer);
}

/* The last answer is kept: rows come nearly in the order of time. */
static Oid
partition_for(TimestampTz at)
{
	static int	last_month = -1;
	static Oid	last_relid = InvalidOid;
	struct pg_tm tm;
	fsec_t		fsec;
	char		name[NAMEDATALEN];
	Oid			relid;

	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	if (last_month == tm.tm_year * 12 + tm.tm_mon && OidIsValid(last_relid) &&
		get_rel_namespace(last_relid) == cg_objects_schema())
		return last_relid;
	snprintf(name, sizeof(name), "log_%04d_%02d", tm.tm_year, tm.tm_mon);
	if (!OidIsValid(cg_objects_relation(name, true)))
	{
		cg_accesslog_make_month(tm.tm_year, tm.tm_mon);
		CommandCounterIncrement();
	}
	relid = cg_objects_relation(name, false);
	last_month = tm.tm_year * 12 + tm.tm_mon;
	last_relid = relid;
	return relid;
}

void
cg_accesslog_make_month(int year, int month)
{
	char		name[NAMEDATALEN];

	int			next_year = month == 12 ? year + 1 : year;
	int			next_month = month == 12 ? 1 : month + 1;

	snprintf(name, sizeof(name), "log_%04d_%02d", year, month);
	cg_owncommand_utility(psprintf("CREATE TABLE contact_guard.%s (LIKE contact_guard.log INCLUDING ALL)", name));
	/* The planner would pass values from statistics to an operator of an auditor. */
	for (int i = 0; i < lengthof(personal); i++)
		cg_owncommand_utility(psprintf("ALTER TABLE contact_guard.%s ALTER %s SET STATISTICS 0", name, personal[i]));
	cg_owncommand_utility(psprintf("ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.%s "
								  "FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00')",
								  name, year, month, next_year, next_month));
	/* ATTACH copies the log's row trigger, but not this one: see src/base/ownreplica.c. */
	cg_owncommand_utility(psprintf("CREATE TRIGGER discard_truncate BEFORE TRUNCATE ON contact_guard.%s "
								  "FOR EACH STATEMENT EXECUTE FUNCTION contact_guard.discard_replicated()", name));
	cg_owncommand_utility(psprintf("ALTER TABLE contact_guard.%s ENABLE REPLICA TRIGGER discard_truncate", name));
	join_extension(name);
	/* Later commands must see the new member of the extension. */
	CommandCounterIncrement();
}

/* DROP EXTENSION then drops the partition, too, and pg_dump does not dump its definition. */
static void
join_extension(const char *name)
{
	ObjectAddress table;
	ObjectAddress extension;

	CommandCounterIncrement();
	ObjectAddressSet(table, RelationRelationId, get_relname_relid(name, cg_objects_schema()));
	ObjectAddressSet(extension, ExtensionRelationId, cg_objects_extension());
	recordDependencyOn(&table, &extension, DEPENDENCY_EXTENSION);
	/* ALTER DEFAULT PRIVILEGES must not let a role read a partition directly. */
	cg_acls_reset(RelationRelationId, table.objectId);
}

static void
open_writer(Writer *writer, Oid relid)
{
	memset(writer, 0, sizeof(*writer));
	cg_ownrows_open(&writer->own, relid);
	(void) cg_owncolumns_place(CG_OWN_LOG, RelationGetDescr(writer->own.rel), writer->place);
	writer->bulk = GetBulkInsertState();
	writer->indexes = cg_logindex_begin(&writer->own);
}

/*
 * table_multi_insert cannot keep rows from logical decoding.  Single insertions can,
 * but take longer; they are used only where wal_level is logical.
 */
static void
flush_writer(Writer *writer)
{
	MemoryContext oldcontext;

	if (writer->used == 0)
		return;
	oldcontext = MemoryContextSwitchTo(values);
	if (!XLogLogicalInfoActive())
		table_multi_insert(writer->own.rel, writer->slots, writer->used, GetCurrentCommandId(true), 0,
						   writer->bulk);
	for (int i = 0; i < writer->used; i++)
	{
		if (XLogLogicalInfoActive())
			table_tuple_insert(writer->own.rel, writer->slots[i], GetCurrentCommandId(true),
							   TABLE_INSERT_NO_LOGICAL, writer->bulk);
		cg_logindex_add(writer->indexes, writer->slots[i]);
		ExecClearTuple(writer->slots[i]);
	}
	writer->used = 0;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(values);
	memset(writer->kept, 0, sizeof(writer->kept));
	writer->columns_of = NULL;
}

static void
close_writer(Writer *writer)
{
	if (!OidIsValid(writer->own.relid))
		return;
	flush_writer(writer);
	cg_logindex_end(writer->indexes);
	for (int i = 0; i < SLOTS && writer->slots[i]; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	cg_ownrows_close(&writer->own);
}

static void
set_text(Writer *writer, TupleTableSlot *slot, int number, const char *value)
{
	Kept	   *kept = &writer->kept[number - 1];
	int			column = writer->place[number - 1];

	slot->tts_isnull[column] = value == NULL;
	if (value == NULL)
		return;
	if (kept->string == NULL || (kept->string != value && strcmp(kept->string, value) != 0))
		*kept = (Kept) {value, CStringGetTextDatum(value)};
	slot->tts_values[column] = kept->value;
}

static void
set_int8(TupleTableSlot *slot, int column, int64 value, bool isnull)
{
	slot->tts_isnull[column] = isnull;
	slot->tts_values[column] = Int64GetDatum(value);
}

static void
set_secret(TupleTableSlot *slot, int column, const uint8 *secret)
{
	bytea	   *value = palloc(VARHDRSZ + CG_SECRET_LENGTH);

	SET_VARSIZE(value, VARHDRSZ + CG_SECRET_LENGTH);
	memcpy(VARDATA(value), secret, CG_SECRET_LENGTH);
	slot->tts_isnull[column] = false;
	slot->tts_values[column] = PointerGetDatum(value);
}

static Datum
text_array(int count, const char **strings)
{
	Datum	   *datums = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		datums[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(datums, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static bool
has_same_columns(const CgRecord *a, const CgRecord *b)
{
	if (a->ncolumns != b->ncolumns)
		return false;
	if (a->columns == b->columns)
		return true;
	for (int i = 0; i < a->ncolumns; i++)
		if (strcmp(a->columns[i], b->columns[i]) != 0)
			return false;
	return true;
}

static void
set_columns(Writer *writer, TupleTableSlot *slot, const CgRecord *record)
{
	int			column = writer->place[Anum_log_columns - 1];

	slot->tts_isnull[column] = record->ncolumns == 0;
	if (record->ncolumns == 0)
		return;
	if (writer->columns_of == NULL || !has_same_columns(writer->columns_of, record))
	{
		writer->columns = text_array(record->ncolumns, record->columns);
		writer->columns_of = record;
	}
	slot->tts_values[column] = writer->columns;
}

/* The values that stand in the row, or in its row of log_common. */
static void
set_shared(Writer *writer, TupleTableSlot *slot, const CgLogRow *row)
{
	const int  *place = writer->place;
	const CgRecord *record = &row->record;

	if (row->common == 0 || !cg_logcommon_login_is_actor(&row->context))
		set_text(writer, slot, Anum_log_login, row->context.login);
	if (row->common != 0)
	{
		slot->tts_isnull[AT(common)] = false;
		slot->tts_values[AT(common)] = Int32GetDatum(row->common);
		return;
	}
	set_text(writer, slot, Anum_log_relation, record->relation);
	set_columns(writer, slot, record);
	set_int8(slot, AT(count), record->count, false);
	set_text(writer, slot, Anum_log_purpose, record->purpose);
	set_text(writer, slot, Anum_log_reason, record->reason);
	set_text(writer, slot, Anum_log_identity, row->context.identity);
}

static void
set_window(TupleTableSlot *slot, int opens_at, int closes_at, const CgRecordWindow *window)
{
	set_int8(slot, opens_at, window->opens_at, !window->known);
	set_int8(slot, closes_at, window->closes_at, !window->known);
}

static void
fill_slot(Writer *writer, TupleTableSlot *slot, const CgLogRow *row)
{
	const int  *place = writer->place;
	MemoryContext oldcontext = MemoryContextSwitchTo(values);
	const CgRecord *record = &row->record;
	const CgRecordContext *context = &row->context;

	ExecClearTuple(slot);
	/* Columns of a later version, the other salts and the commitments stay null. */
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	set_int8(slot, AT(seq), row->seq, false);
	set_int8(slot, AT(read_at), record->read_at, false);
	set_text(writer, slot, Anum_log_event, cg_event_name(record->event));
	set_text(writer, slot, Anum_log_actor, context->actor);
	set_text(writer, slot, Anum_log_customer, record->customer);
	set_text(writer, slot, Anum_log_intervention, record->intervention);
	set_int8(slot, AT(closed_at), record->closed_at, record->closed_at == CG_NO_TIME);
	set_text(writer, slot, Anum_log_client, context->client);
	set_text(writer, slot, Anum_log_application, context->application);
	set_text(writer, slot, Anum_log_session, row->session);
	set_int8(slot, AT(statement), context->statement, context->statement == 0);
	set_int8(slot, AT(query_id), context->query_id, context->query_id == 0);
	set_secret(slot, AT(actor_salt), row->secret);
	set_text(writer, slot, Anum_log_technician, record->technician);
	set_window(slot, AT(opens_at), AT(closes_at), &record->window);
	set_window(slot, AT(previous_opens_at), AT(previous_closes_at), &record->previous_window);
	slot->tts_isnull[AT(leaf_version)] = false;
	slot->tts_values[AT(leaf_version)] = Int16GetDatum(row->leaf_version);
	set_shared(writer, slot, row);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(oldcontext);
}
