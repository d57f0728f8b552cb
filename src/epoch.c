/*
 * epoch.c
 *		Whose journal this is: epochs begin with the extension, a copy, a restore.
 *
 * The state row names the system and the database that it belongs to.  Found
 * anywhere else (CREATE DATABASE … TEMPLATE, a restore into a new cluster), it
 * came with a copy: its key is known elsewhere and its position means nothing
 * here, so the recorder begins anew with a key of its own, and says so in the
 * log.  Nobody reads a guarded column in between: messages cannot be sealed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply.h"
#include "epoch.h"
#include "journal.h"
#include "objects.h"
#include "owntables.h"
#include "shared.h"

PG_FUNCTION_INFO_V1(cg_begin_journal);
PG_FUNCTION_INFO_V1(cg_journal_origin);

static Datum new_key(void);
static void renew(const CgJournalState *state);

static Datum
new_key(void)
{
	bytea	   *key = palloc(VARHDRSZ + CG_KEY_LENGTH);

	SET_VARSIZE(key, VARHDRSZ + CG_KEY_LENGTH);
	if (!pg_strong_random(VARDATA(key), CG_KEY_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random key")));
	return PointerGetDatum(key);
}

/* Called once, by the extension's script. */
Datum
cg_begin_journal(PG_FUNCTION_ARGS)
{
	Oid			types[4] = {INT8OID, OIDOID, BYTEAOID, PG_LSNOID};
	Datum		values[4];

	cg_objects_require_admin("begin a journal");
	cg_journal_require_slot();
	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = ObjectIdGetDatum(MyDatabaseId);
	values[2] = new_key();
	values[3] = LSNGetDatum(GetXLogInsertRecPtr());
	(void) cg_owntables_execute("INSERT INTO contact_guard.journal_state (system_identifier, database, epoch, "
								"epoch_recorded, mac_key, position, log_size, rejected) "
								"VALUES ($1, $2, 1, false, $3, $4, 0, 0)",
								4, types, values, NULL, NULL);
	PG_RETURN_VOID();
}

/* Which journal this is, among all that a dump may bring together. */
Datum
cg_journal_origin(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId)));
}

static void
renew(const CgJournalState *state)
{
	Oid			types[4] = {INT8OID, OIDOID, BYTEAOID, PG_LSNOID};
	Datum		values[4];

	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = ObjectIdGetDatum(MyDatabaseId);
	values[2] = new_key();
	values[3] = LSNGetDatum(GetXLogInsertRecPtr());
	(void) cg_owntables_execute("UPDATE contact_guard.journal_state SET system_identifier = $1, database = $2, "
								"epoch = epoch + 1, epoch_recorded = false, mac_key = $3, position = $4",
								4, types, values, NULL, NULL);
	CacheInvalidateRelcacheByRelid(cg_objects_relation("journal_state", false));
}

XLogRecPtr
cg_epoch_open(void)
{
	CgJournalState state;
	bool		found = false;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (OidIsValid(cg_objects_relation("journal_state", true)))
		found = cg_journal_read_state(&state);
	if (found && !cg_journal_is_own(&state))
	{
		renew(&state);
		CommandCounterIncrement();
		found = cg_journal_read_state(&state);
	}
	if (found)
		cg_apply_use(&state);
	PopActiveSnapshot();
	CommitTransactionCommand();
	if (!found)
		return InvalidXLogRecPtr;
	if (!state.epoch_recorded)
	{
		cg_apply_begin();
		cg_apply_own_record(CG_EVENT_EPOCH,
							state.epoch == 1 ? "the journal begins" :
							"a copy of the database begins a journal of its own");
		cg_apply_commit(state.position);
	}
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
