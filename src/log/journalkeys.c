/*
 * journalkeys.c
 *		The keys that seal the journal: one for each run of the server, and one for each
 *		call of rotate_journal_key().
 *
 * Whoever has a backup has the keys that were in the database then.  So a key counts for
 * one stretch of WAL only, and each run of the server begins with a new one.
 * rotation.c makes a new one in between.
 */
#include "postgres.h"

#include "access/timeline.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/ownrows.h"
#include "base/shared.h"
#include "evidence/tiles.h"
#include "journal/journal.h"
#include "log/apply.h"
#include "log/epoch.h"
#include "log/journalkeys.h"
#include "log/quiet.h"

/* How a message begins that tells of a key; behind it stand the database, the number and the hash. */
#define TOLD "key 1 "
#define TOLD_LENGTH 80
#define NAME_BYTES 16			/* of the hash */

PG_FUNCTION_INFO_V1(cg_put_journal_key);

static void insert_key(const CgSeal *seal);
static void write_keys(const CgJournalState *state);
static bool is_spent(const CgJournalState *state, int i, XLogRecPtr position, XLogRecPtr sealed);
static XLogRecPtr beginning_of_run(void);
static int name_length(const char *name);
static char *told_name(const CgWalMessage *message);

void
cg_journalkeys_make(uint8 *key)
{
	if (!pg_strong_random(key, CG_KEY_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random key")));
}

static void
insert_key(const CgSeal *seal)
{
	bytea	   *value = palloc(VARHDRSZ + CG_KEY_LENGTH);
	Datum		values[Natts_journal_key];
	bool		nulls[Natts_journal_key] = {false};

	SET_VARSIZE(value, VARHDRSZ + CG_KEY_LENGTH);
	memcpy(VARDATA(value), seal->key, CG_KEY_LENGTH);
	values[Anum_journal_key_number - 1] = Int32GetDatum(seal->number);
	values[Anum_journal_key_epoch - 1] = Int32GetDatum(seal->epoch);
	values[Anum_journal_key_run - 1] = Int64GetDatum(seal->run);
	values[Anum_journal_key_mac_key - 1] = PointerGetDatum(value);
	values[Anum_journal_key_begins_at - 1] = LSNGetDatum(seal->begins_at);
	nulls[Anum_journal_key_begins_at - 1] = XLogRecPtrIsInvalid(seal->begins_at);
	values[Anum_journal_key_ends_at - 1] = LSNGetDatum(seal->ends_at);
	nulls[Anum_journal_key_ends_at - 1] = XLogRecPtrIsInvalid(seal->ends_at);
	cg_ownrows_insert(CG_OWN_JOURNAL_KEY, values, nulls);
}

/* Replaces all rows: the file, and the keys in it that are not needed, go with them. */
static void
write_keys(const CgJournalState *state)
{
	cg_owncommand_truncate("journal_key");
	for (int i = 0; i < state->nseals; i++)
		insert_key(&state->seals[i]);
}

void
cg_journalkeys_store(CgJournalState *state)
{
	if (state->nseals == 0)
	{
		CgSeal		seal = {.number = 1, .epoch = state->epoch, .run = cg_shared->run};

		memcpy(seal.key, state->key, CG_KEY_LENGTH);
		state->seals[state->nseals++] = seal;
	}
	write_keys(state);
}

/*
 * The first key of the epoch stays, and the newest.  Another one has sealed what lies before
 * its end, or before the next key begins.  Messages that come now change nothing: on
 * a server that is never idle, too, keys are forgotten.
 */
static bool
is_spent(const CgJournalState *state, int i, XLogRecPtr position, XLogRecPtr sealed)
{
	const CgSeal *seal = &state->seals[i];
	XLogRecPtr	end = seal->ends_at;

	if (seal == cg_journalstate_seal(state) ||
		(seal->epoch == state->epoch && XLogRecPtrIsInvalid(seal->begins_at)))
		return false;
	if (XLogRecPtrIsInvalid(end) && i + 1 < state->nseals)
		end = state->seals[i + 1].begins_at;
	return !XLogRecPtrIsInvalid(end) && end <= (seal->epoch == state->epoch ? sealed : position);
}

bool
cg_journalkeys_are_spent(const CgJournalState *state, XLogRecPtr position, XLogRecPtr sealed)
{
	for (int i = 0; i < state->nseals; i++)
		if (is_spent(state, i, position, sealed))
			return true;
	return false;
}

void
cg_journalkeys_forget(CgJournalState *state, XLogRecPtr position, XLogRecPtr sealed)
{
	CgJournalState before = *state;

	state->nseals = 0;
	for (int i = 0; i < before.nseals; i++)
		if (!is_spent(&before, i, position, sealed))
			state->seals[state->nseals++] = before.seals[i];
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	write_keys(state);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/*
 * A position of WAL behind all messages of the runs of the server before this one, and
 * before the first message that this run can have.  A clean stop, and a recovery after
 * a crash, end with a checkpoint.  A promotion begins a timeline.
 */
static XLogRecPtr
beginning_of_run(void)
{
	TimeLineID	timeline;
	TimeLineHistoryEntry *entry;

	(void) GetFlushRecPtr(&timeline);
	entry = linitial(readTimeLineHistory(timeline));
	return Max(GetRedoRecPtr(), entry->begin);
}

/*
 * Whoever has a backup has the key that the backup's server had.  So each run of the
 * server seals with a new key, and no session seals before it is there (journal.c).  The
 * keys before it count for messages that lie before it in WAL only.
 */
void
cg_journalkeys_add(CgJournalState *state, XLogRecPtr begins_at)
{
	CgSeal	   *seal = &state->seals[state->nseals];

	seal->number = state->seals[state->nseals - 1].number + 1;
	seal->epoch = state->epoch;
	seal->run = cg_shared->run;
	seal->begins_at = begins_at;
	seal->ends_at = InvalidXLogRecPtr;
	cg_journalkeys_make(seal->key);
	insert_key(seal);
	state->nseals++;
	/* Sessions read the keys again. */
	CacheInvalidateRelcacheByRelid(cg_objects_relation("journal_state", false));
}

/*
 * If many runs have left messages that nobody could store, the last key goes on: without
 * the earlier keys those messages would be lost.
 */
void
cg_journalkeys_begin_run(CgJournalState *state)
{
	if (cg_journalstate_is_sealed(state))
		return;
	if (state->nseals < CG_SEALS_MAX)
	{
		cg_journalkeys_add(state, beginning_of_run());
		return;
	}
	state->seals[state->nseals - 1].run = cg_shared->run;
	write_keys(state);
	CacheInvalidateRelcacheByRelid(cg_objects_relation("journal_state", false));
}

/*
 * The hash is of the key, which is random, so that it tells nothing of it, and of the stretch that it
 * seals.  Not of the run: if there is no room for another key, the last one goes on.
 */
char *
cg_journalkeys_name(const CgSeal *seal)
{
	uint8		stretch[20];
	uint32		epoch = pg_hton32((uint32) seal->epoch);
	uint64		begins_at = pg_hton64(seal->begins_at);
	uint64		ends_at = pg_hton64(seal->ends_at);
	uint8		hash[CG_HASH_LENGTH];
	char		text[2 * NAME_BYTES + 1];

	memcpy(stretch, &epoch, sizeof(epoch));
	memcpy(stretch + 4, &begins_at, sizeof(begins_at));
	memcpy(stretch + 12, &ends_at, sizeof(ends_at));
	if (cg_hasher_digest(cg_tiles_hasher(), seal->key, CG_KEY_LENGTH, stretch, sizeof(stretch), hash) != CG_MERKLE_OK)
		elog(ERROR, "could not compute SHA-256");
	(void) hex_encode((char *) hash, NAME_BYTES, text);
	text[2 * NAME_BYTES] = '\0';
	return psprintf("%d %s", seal->number, text);
}

/* A number, a blank, and digits; a text goes on behind them. */
static int
name_length(const char *name)
{
	int			number = (int) strspn(name, "0123456789");

	return name[number] == ' ' ? number + 1 + (int) strspn(name + number + 1, "0123456789abcdef") : number;
}

bool
cg_journalkeys_has(const CgJournalState *state, const char *name)
{
	for (int i = 0; i < state->nseals; i++)
	{
		char	   *its = cg_journalkeys_name(&state->seals[i]);

		if (strncmp(its, name, strlen(its)) == 0)
			return true;
	}
	return false;
}

/* A heartbeat and a message in WAL may tell of one key, and it is said once. */
void
cg_journalkeys_miss(const char *name)
{
	char	   *missing = psprintf("key %.*s of the journal is not there any more, or is another one", name_length(name), name);
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(missing)};

	if (!cg_owncommand_finds("SELECT FROM contact_guard.log WHERE event = 'gap' AND starts_with(reason, $1)", 1, types, values))
		cg_apply_own_record(CG_EVENT_GAP, psprintf("%s: what it has sealed cannot be recorded", missing));
}

void
cg_journalkeys_tell(const CgJournalState *state)
{
	const CgSeal *seal = cg_journalstate_seal(state);

	if (seal)
		XLogFlush(cg_quiet_write(psprintf(TOLD "%u %s", MyDatabaseId, cg_journalkeys_name(seal))));
}

/* The name of the key of this database that a message tells of; NULL: it is no such message. */
static char *
told_name(const CgWalMessage *message)
{
	char		text[TOLD_LENGTH];
	char	   *end;

	if (message->kind != CG_WAL_MESSAGE || OidIsValid(message->database) || message->data == NULL ||
		message->length >= sizeof(text))
		return NULL;
	memcpy(text, message->data, message->length);
	text[message->length] = '\0';
	if (strncmp(text, TOLD, strlen(TOLD)) != 0 || strtoul(text + strlen(TOLD), &end, 10) != MyDatabaseId || *end != ' ')
		return NULL;
	return pstrdup(end + 1);
}

/*
 * The message stands in WAL behind the commit of the key, and a key stays until all that it has
 * sealed is recorded.  So whoever has taken it away, or changed it, was not this library.
 */
char *
cg_journalkeys_lost(const CgWalMessage *message)
{
	char	   *name = told_name(message);
	CgJournalState state;

	return name && cg_journalstate_read(&state) && !cg_journalkeys_has(&state, name) ? name : NULL;
}

void
cg_journalkeys_take(const CgWalMessage *message)
{
	char	   *name = cg_journalkeys_lost(message);

	if (name)
		cg_journalkeys_miss(name);
}

/*
 * put_journal_key(epoch, key, ends_at), only for the script of an update.  The script
 * cannot use INSERT, since logical decoding would show the key.  A null key: makes one.
 */
Datum
cg_put_journal_key(PG_FUNCTION_ARGS)
{
	CgSeal		seal = {0};

	if (!cg_objects_is_creating() || PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the scripts of the extension can set the key of the journal")));
	if (PG_ARGISNULL(1))
	{
		cg_journalkeys_make(seal.key);
		seal.run = cg_shared->run;
	}
	else
	{
		bytea	   *given = PG_GETARG_BYTEA_PP(1);

		if (VARSIZE_ANY_EXHDR(given) != CG_KEY_LENGTH)
			elog(ERROR, "the journal's key has a wrong length");
		memcpy(seal.key, VARDATA_ANY(given), CG_KEY_LENGTH);
	}
	seal.number = seal.epoch = PG_GETARG_INT32(0);
	if (!PG_ARGISNULL(2))
		seal.ends_at = PG_GETARG_LSN(2);
	insert_key(&seal);
	cg_epoch_expect_recorder();
	PG_RETURN_VOID();
}
