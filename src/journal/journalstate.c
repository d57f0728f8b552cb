/*
 * journalstate.c
 *		The row that names the journal's database and the position that is recorded.
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
#include "base/shared.h"
#include "journal/journalstate.h"

/* The place of a column in the arrays that heap_deform_tuple() fills for journal_state */
#define AT(column) place[Anum_journal_state_##column - 1]
/* A column of a row of contact_guard.journal_key; sets isnull */
#define KEY_VALUE(column) \
	heap_getattr(tuple, place[Anum_journal_key_##column - 1] + 1, RelationGetDescr(rel), &isnull)

static const CgSeal *in_force_at(const CgJournalState *state, int32 epoch, XLogRecPtr place);
static void add_seal(CgJournalState *state, const CgSeal *seal);
static bool read_keys(CgJournalState *state);
static bool read_state_row(CgJournalState *state, char **verification_keys);
static void take_state_row(HeapTuple tuple, TupleDesc desc, CgJournalState *state, char **verification_keys);
static void take_key(uint8 *key, Datum value);

static void
take_key(uint8 *key, Datum value)
{
	bytea	   *stored = DatumGetByteaPP(value);

	if (VARSIZE_ANY_EXHDR(stored) != CG_KEY_LENGTH)
		elog(ERROR, "the journal's key has a wrong length");
	memcpy(key, VARDATA_ANY(stored), CG_KEY_LENGTH);
}

/* Puts a key into its place among those that were read before. */
static void
add_seal(CgJournalState *state, const CgSeal *seal)
{
	int			at = state->nseals;

	if (state->nseals == CG_SEALS_MAX)
		elog(ERROR, "contact_guard.journal_key has more than %d rows", CG_SEALS_MAX);
	while (at > 0 && state->seals[at - 1].number > seal->number)
	{
		state->seals[at] = state->seals[at - 1];
		at--;
	}
	state->seals[at] = *seal;
	state->nseals++;
}

/*
 * The keys have a table of their own.  Its rows are written so that logical decoding
 * does not see them, and they are never updated.  Each change of the state, in
 * contrast, is decoded where there is a logical slot.
 *
 * False if no key of the state's epoch is there.  After an update of the extension
 * the key of the epoch before stays until the messages of that epoch are recorded.
 */
static bool
read_keys(CgJournalState *state)
{
	Relation	rel = table_open(cg_objects_relation("journal_key", false), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	int			place[CG_OWN_COLUMNS];
	HeapTuple	tuple;
	bool		found = false;

	(void) cg_owncolumns_place(CG_OWN_JOURNAL_KEY, RelationGetDescr(rel), place);
	state->nseals = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		CgSeal		seal = {.number = DatumGetInt32(KEY_VALUE(number))};

		seal.epoch = DatumGetInt32(KEY_VALUE(epoch));
		seal.run = DatumGetInt64(KEY_VALUE(run));
		take_key(seal.key, KEY_VALUE(mac_key));
		seal.begins_at = DatumGetLSN(KEY_VALUE(begins_at));
		if (isnull)
			seal.begins_at = InvalidXLogRecPtr;
		seal.ends_at = DatumGetLSN(KEY_VALUE(ends_at));
		if (isnull)
			seal.ends_at = InvalidXLogRecPtr;
		add_seal(state, &seal);
		if (seal.epoch == state->epoch && XLogRecPtrIsInvalid(seal.begins_at))
		{
			memcpy(state->key, seal.key, CG_KEY_LENGTH);
			found = true;
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

const CgSeal *
cg_journalstate_seal(const CgJournalState *state)
{
	for (int i = state->nseals - 1; i >= 0; i--)
		if (state->seals[i].epoch == state->epoch)
			return &state->seals[i];
	return NULL;
}

bool
cg_journalstate_is_sealed(const CgJournalState *state)
{
	const CgSeal *seal = cg_journalstate_seal(state);

	return seal && seal->run == cg_shared->run;
}

/* The last key of the epoch that begins at this place or before it, if it has not ended there; or NULL. */
static const CgSeal *
in_force_at(const CgJournalState *state, int32 epoch, XLogRecPtr place)
{
	for (int i = state->nseals - 1; i >= 0; i--)
	{
		const CgSeal *seal = &state->seals[i];

		if (seal->epoch == epoch && seal->begins_at <= place)
			return XLogRecPtrIsInvalid(seal->ends_at) || place < seal->ends_at ? seal : NULL;
	}
	return NULL;
}

const uint8 *
cg_journalstate_key_at(const CgJournalState *state, uint32 epoch, XLogRecPtr start)
{
	const CgSeal *seal = in_force_at(state, (int32) epoch, start);

	return seal ? seal->key : NULL;
}

const CgSeal *
cg_journalstate_seal_at(const CgJournalState *state, XLogRecPtr place)
{
	const CgSeal *seal = in_force_at(state, state->epoch, place);

	return seal ? seal : cg_journalstate_seal(state);
}

static void
take_state_row(HeapTuple tuple, TupleDesc desc, CgJournalState *state, char **verification_keys)
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
	strlcpy(state->origin_mark, TextDatumGetCString(values[AT(origin_mark)]), sizeof(state->origin_mark));
	*verification_keys = nulls[AT(verification_keys)] ? NULL : TextDatumGetCString(values[AT(verification_keys)]);
	state->gaps = DatumGetInt64(values[AT(gaps)]) - DatumGetInt64(values[AT(gaps_acknowledged)]);
}

/* False if there is no row. */
static bool
read_state_row(CgJournalState *state, char **verification_keys)
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
		take_state_row(tuple, RelationGetDescr(rel), state, verification_keys);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

bool
cg_journalstate_read(CgJournalState *state)
{
	char	   *verification_keys;

	return read_state_row(state, &verification_keys) && read_keys(state);
}

char *
cg_journalstate_read_verification_keys(void)
{
	CgJournalState state;
	char	   *verification_keys;

	return read_state_row(&state, &verification_keys) ? verification_keys : NULL;
}

bool
cg_journalstate_is_own(const CgJournalState *state)
{
	return state->system_identifier == GetSystemIdentifier() && state->database == MyDatabaseId;
}
