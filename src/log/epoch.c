/*
 * epoch.c
 *		Whose journal this is: epochs begin with the extension, a copy, a restore.
 *
 * The state row names the system and the database that it belongs to.  If it names
 * another one, the database is a copy (CREATE DATABASE ... TEMPLATE, a restore into a
 * new cluster).  The key is known elsewhere then, and the position has no meaning here.
 * So the recorder begins a new epoch with a new key.  It writes a record that says up to
 * which position the other journal was stored: later messages of that journal are not in
 * this database.  Until then guarded columns cannot be read, since messages cannot be
 * sealed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/journal.h"
#include "journal/journalstate.h"
#include "log/apply.h"
#include "log/epoch.h"
#include "log/journalkeys.h"

PG_FUNCTION_INFO_V1(cg_begin_journal);
PG_FUNCTION_INFO_V1(cg_journal_origin);

typedef enum Finding
{
	NO_JOURNAL,					/* the extension is not there */
	OWN_JOURNAL,
	COPY_OF_JOURNAL,			/* the row names another database */
	DAMAGED_JOURNAL
} Finding;

static void require_encoding(void);
static void forget_position(void);
static void begin_anew(CgJournalState *state);
static bool is_of_the_future(void);
static Finding find_state(CgJournalState *state);
static void store(CgJournalState *state, Finding finding);
static void use_state(const CgJournalState *state, Oid relid);
static void seal_repaired(CgJournalState *state);
static void record_beginning(const CgJournalState *old, CgJournalState *state,
							 Finding finding);

/*
 * Leaves are made of UTF-8: a row that cannot be converted could not be verified.  Of
 * PostgreSQL's encodings only MULE_INTERNAL cannot be converted.
 */
static void
require_encoding(void)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII ||
		OidIsValid(FindDefaultConversionProc(encoding, PG_UTF8)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("contact_guard does not support databases of encoding %s", pg_encoding_to_char(encoding)),
			 errdetail("PostgreSQL does not convert it to UTF8, of which the evidence in the access log is made."),
			 errhint("Use a database of encoding UTF8.")));
}

/*
 * Asks for a recorder before the transaction has committed.  A recorder that comes too
 * early ends, and is started again.
 */
void
cg_epoch_expect_recorder(void)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
	{
		database->failures = 0;
		database->retry_at = 0;
		database->wanted = true;
		cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
}

/* The position of an extension that was dropped does not count: sync() must wait. */
static void
forget_position(void)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
		database->recorded = InvalidXLogRecPtr;
	LWLockRelease(cg_shared->lock);
}

/* The extension's script calls it once. */
Datum
cg_begin_journal(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {INT8OID, OIDOID, PG_LSNOID};
	Datum		values[3];
	CgJournalState state = {0};

	cg_roles_require_admin("begin a journal");
	require_encoding();
	/*
	 * An older version is being created.  Its tables are not those that this library
	 * writes.  The script of the update that must follow begins the journal.
	 */
	if (cg_objects_is_creating() && cg_objects_is_other_version())
	{
		ereport(WARNING,
				(errmsg("extension \"%s\" cannot guard anything until it is updated to the library's version, %s", CG_SCHEMA, CG_VERSION),
				 errhint("Run ALTER EXTENSION contact_guard UPDATE.")));
		PG_RETURN_VOID();
	}
	cg_journal_require_slot();
	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = ObjectIdGetDatum(MyDatabaseId);
	values[2] = LSNGetDatum(GetXLogInsertRecPtr());
	(void) cg_owncommand_execute("INSERT INTO contact_guard.journal_state (system_identifier, database, epoch, "
								"epoch_recorded, position, log_size, rejected) "
								"VALUES ($1, $2, 1, false, $3, 0, 0)",
								3, types, values, NULL);
	state.epoch = 1;
	cg_journalkeys_make(state.key);
	cg_journalkeys_store(&state);
	forget_position();
	PG_RETURN_VOID();
}

/* The name of this journal, which tells it from others that a restore may bring. */
Datum
cg_journal_origin(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId)));
}

/* The number that a query of our own tables returns. */
static int64
ask_number(const char *sql)
{
	int64		result = 0;

	(void) cg_owncommand_select_int8(sql, 0, NULL, NULL, &result);
	return result;
}

/* Changes the state to that of a new epoch of this database. */
static void
begin_anew(CgJournalState *state)
{
	state->system_identifier = GetSystemIdentifier();
	state->database = MyDatabaseId;
	state->epoch++;
	state->epoch_recorded = false;
	cg_journalkeys_make(state->key);
	state->nseals = 0;
	state->position = GetXLogInsertRecPtr();
}

/*
 * Does a version of the row name a transaction that was never begun?  An UPDATE would
 * wait for ever for that transaction to end.
 */
static bool
is_of_the_future(void)
{
	Relation	rel = table_open(cg_objects_relation("journal_state", false), AccessShareLock);
	TableScanDesc scan = table_beginscan(rel, SnapshotAny, 0, NULL);
	HeapTuple	tuple;
	bool		result = false;

	while (!result && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		HeapTupleHeader header = tuple->t_data;
		TransactionId next = ReadNextTransactionId();

		result = !TransactionIdPrecedes(HeapTupleHeaderGetRawXmin(header), next) ||
			((header->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) == 0 &&
			 !TransactionIdPrecedes(HeapTupleHeaderGetRawXmax(header), next));
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

/*
 * Finds out which journal the database has, and reads its state.  pg_resetwal may leave
 * a row that cannot be read or cannot be updated: the recorder commits asynchronously,
 * so the parts of its transactions that are on disk need not fit together.  Then the
 * numbers of the log and of its sessions are taken from the tables.
 */
static Finding
find_state(CgJournalState *state)
{
	bool		found;
	Oid			relid = cg_objects_relation("journal_state", true);

	/* A table of that name that is not a member of the extension does not count. */
	if (!OidIsValid(relid))
		return NO_JOURNAL;
	/* With this lock no session can drop the extension after the checks. */
	LockRelationOid(relid, AccessShareLock);
	memset(state, 0, sizeof(*state));
	found = cg_journalstate_read(state);
	if (found && !is_of_the_future() &&
		cg_owncommand_finds("SELECT FROM contact_guard.journal_state FOR UPDATE", 0, NULL, NULL))
		return cg_journalstate_is_own(state) ? OWN_JOURNAL : COPY_OF_JOURNAL;
	state->log_size = Max(state->log_size,
						  ask_number("SELECT coalesce(max(seq) + 1, 0) FROM contact_guard.log"));
	state->epoch = Max(state->epoch,
					   ask_number("SELECT coalesce(max(epoch), 0)::bigint FROM contact_guard.journal_session"));
	return DAMAGED_JOURNAL;
}

/* Stores the state of a new epoch, or a repaired state. */
static void
store(CgJournalState *state, Finding finding)
{
	Oid			types[6] = {INT8OID, OIDOID, INT4OID, PG_LSNOID, INT8OID, INT8OID};
	Datum		values[6];

	values[0] = Int64GetDatum((int64) state->system_identifier);
	values[1] = ObjectIdGetDatum(state->database);
	values[2] = Int32GetDatum(state->epoch);
	values[3] = LSNGetDatum(state->position);
	values[4] = Int64GetDatum(state->log_size);
	values[5] = Int64GetDatum(state->gaps);
	if (finding == COPY_OF_JOURNAL)
		(void) cg_owncommand_execute("UPDATE contact_guard.journal_state SET system_identifier = $1, database = $2, "
									"epoch = $3, epoch_recorded = false, position = $4, "
									"origin = CASE database WHEN $2 THEN origin END, "
									"origin_number = CASE database WHEN $2 THEN origin_number ELSE 1 END, "
									"origin_mark = CASE database WHEN $2 THEN origin_mark ELSE '' END, "
									"verification_keys = CASE database WHEN $2 THEN verification_keys END",
									4, types, values, NULL);
	else
	{
		/* A new file: INSERT could wait for ever for a transaction that was never begun. */
		cg_owncommand_truncate("journal_state");
		(void) cg_owncommand_execute("INSERT INTO contact_guard.journal_state (system_identifier, database, epoch, "
									"epoch_recorded, position, log_size, rejected, gaps) "
									"VALUES ($1, $2, $3, false, $4, $5, 0, $6)",
									6, types, values, NULL);
	}
	cg_journalkeys_store(state);
	CacheInvalidateRelcacheByRelid(cg_objects_relation("journal_state", false));
}

/* Writes the first record of an epoch, and a changed state, in one transaction. */
static void
record_beginning(const CgJournalState *old, CgJournalState *state, Finding finding)
{
	bool		anew = old->epoch != state->epoch;

	cg_apply_begin();
	if (finding != OWN_JOURNAL)
		store(state, finding);
	if (finding == DAMAGED_JOURNAL)
		cg_apply_own_record(CG_EVENT_GAP, anew ? "the state of the journal was lost: records may be missing" :
							"the state of the journal was damaged: records may be missing");
	if (finding == COPY_OF_JOURNAL)
		cg_apply_own_record(CG_EVENT_EPOCH,
							psprintf("%s; that of system " UINT64_FORMAT ", database %u was stored up to %X/%X",
									 old->database == MyDatabaseId ?
									 "the database is in a new cluster, as pg_upgrade makes one, and begins a journal of its own" :
									 "a copy of the database begins a journal of its own",
									 old->system_identifier, old->database, LSN_FORMAT_ARGS(old->position)));
	else if (anew || !state->epoch_recorded)
		cg_apply_own_record(CG_EVENT_EPOCH, state->seals[0].epoch == state->epoch ? "the journal begins" :
							"the extension was updated: the journal goes on with a new key");
	cg_apply_commit(state->position);
}

/*
 * Loads the tree, which takes its time if it has to be made anew.  Sessions wait for the
 * key of this run of the server only, so that has been committed.
 */
static void
use_state(const CgJournalState *state, Oid relid)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	LockRelationOid(relid, AccessShareLock);
	if (cg_objects_relation("journal_state", true) != relid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the journal of this database is another one now")));
	cg_apply_use(state);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* A state that was repaired has the old key. */
static void
seal_repaired(CgJournalState *state)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	cg_journalkeys_begin_run(state);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

XLogRecPtr
cg_epoch_open(void)
{
	CgJournalState old;
	CgJournalState state;
	Finding		finding;
	Oid			relid;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	finding = find_state(&state);
	relid = cg_objects_relation("journal_state", true);
	old = state;
	if (finding == COPY_OF_JOURNAL || (finding == DAMAGED_JOURNAL && !cg_journalstate_is_own(&state)))
		begin_anew(&state);
	else if (finding == OWN_JOURNAL)
		cg_journalkeys_begin_run(&state);
	PopActiveSnapshot();
	CommitTransactionCommand();
	if (finding == NO_JOURNAL)
		return InvalidXLogRecPtr;
	use_state(&state, relid);
	if (finding != OWN_JOURNAL || !state.epoch_recorded)
		record_beginning(&old, &state, finding);
	if (!cg_journalstate_is_sealed(&state))
		seal_repaired(&state);
	if (finding != OWN_JOURNAL || !old.epoch_recorded || !cg_journalstate_is_sealed(&old))
		cg_journalkeys_tell(&state);
	/* A new epoch has its key since it is recorded. */
	cg_apply_use_keys(&state);
	return state.position;
}

bool
cg_epoch_is_coming(void)
{
	SnapshotData dirty;
	Relation	catalog;
	SysScanDesc scan;
	ScanKeyData key;
	bool		found;

	StartTransactionCommand();
	InitDirtySnapshot(dirty);
	catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(CG_SCHEMA));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, &dirty, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
	return found;
}
