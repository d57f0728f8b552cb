/*
 * journalstate.c
 *		The row that says whose journal this is and how far it is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/rel.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "journal/journalstate.h"

/* In what heap_deform_tuple() makes of a row of contact_guard.journal_state */
#define AT(column) place[Anum_journal_state_##column - 1]

static bool read_key(CgJournalState *state);
static bool read_row(CgJournalState *state, char **verification_keys);
static void take_row(HeapTuple tuple, TupleDesc desc, CgJournalState *state, char **verification_keys);

/*
 * The key has a table of its own, whose rows are written past logical decoding and
 * never updated: each change of the state is decoded where there is a logical slot.
 */
static bool
read_key(CgJournalState *state)
{
	Relation	rel = table_open(cg_objects_relation("journal_key", false), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	int			place[CG_OWN_COLUMNS];
	HeapTuple	tuple;
	bool		found = false;

	(void) cg_owncolumns_place(CG_OWN_JOURNAL_KEY, RelationGetDescr(rel), place);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		bytea	   *key;

		if (DatumGetInt32(heap_getattr(tuple, place[Anum_journal_key_epoch - 1] + 1, RelationGetDescr(rel), &isnull)) != state->epoch)
			continue;
		key = DatumGetByteaPP(heap_getattr(tuple, place[Anum_journal_key_mac_key - 1] + 1, RelationGetDescr(rel), &isnull));
		if (VARSIZE_ANY_EXHDR(key) != CG_KEY_LENGTH)
			elog(ERROR, "the journal's key has a wrong length");
		memcpy(state->key, VARDATA_ANY(key), CG_KEY_LENGTH);
		found = true;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

static void
take_row(HeapTuple tuple, TupleDesc desc, CgJournalState *state, char **verification_keys)
{
	int			place[CG_OWN_COLUMNS];
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	(void) cg_owncolumns_place(CG_OWN_JOURNAL_STATE, desc, place);
	heap_deform_tuple(tuple, desc, values, nulls);
	state->system_identifier = (uint64) DatumGetInt64(values[AT(system_identifier)]);
	state->database = DatumGetObjectId(values[AT(database)]);
	state->epoch = DatumGetInt32(values[AT(epoch)]);
	state->epoch_recorded = DatumGetBool(values[AT(epoch_recorded)]);
	state->position = nulls[AT(position)] ? InvalidXLogRecPtr : DatumGetLSN(values[AT(position)]);
	state->log_size = DatumGetInt64(values[AT(log_size)]);
	state->rejected = DatumGetInt64(values[AT(rejected)]);
	state->origin[0] = '\0';
	if (!nulls[AT(origin)])
		strlcpy(state->origin, TextDatumGetCString(values[AT(origin)]), sizeof(state->origin));
	state->origin_number = DatumGetInt32(values[AT(origin_number)]);
	*verification_keys = nulls[AT(verification_keys)] ? NULL : TextDatumGetCString(values[AT(verification_keys)]);
	state->gaps = DatumGetInt64(values[AT(gaps)]) - DatumGetInt64(values[AT(gaps_acknowledged)]);
}

/* False if there is none. */
static bool
read_row(CgJournalState *state, char **verification_keys)
{
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	cg_objects_require();
	rel = table_open(cg_objects_relation("journal_state", false), AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
		take_row(tuple, RelationGetDescr(rel), state, verification_keys);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

bool
cg_journalstate_read(CgJournalState *state)
{
	char	   *verification_keys;

	return read_row(state, &verification_keys) && read_key(state);
}

char *
cg_journalstate_read_verification_keys(void)
{
	CgJournalState state;
	char	   *verification_keys;

	return read_row(&state, &verification_keys) ? verification_keys : NULL;
}

bool
cg_journalstate_is_own(const CgJournalState *state)
{
	return state->system_identifier == GetSystemIdentifier() && state->database == MyDatabaseId;
}
