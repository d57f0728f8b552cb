/*
 * checkpointfuncs.c
 *		new_epoch(), add_cosignature(), verification_key().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "base/shared.h"
#include "base/special.h"
#include "base/xactend.h"
#include "common/note.h"
#include "evidence/notetext.h"
#include "evidence/signing.h"
#include "evidence/statefile.h"
#include "journal/eventrecord.h"
#include "journal/journal.h"
#include "journal/journalstate.h"

PG_FUNCTION_INFO_V1(cg_new_epoch);
PG_FUNCTION_INFO_V1(cg_add_cosignature);
PG_FUNCTION_INFO_V1(cg_verification_key);

static bool signing_asked = false;	/* by this transaction */

static bool find_predecessor(CgJournalState *state);
static bool is_after_failover(void);
static void ask_to_sign(XactEvent event);
static void sign_at_commit(void);
static const CgSignature *newest_signature(const CgNote *note, const CgNoteKey *key, uint64 *seconds);
static bool is_signed_by(const CgSignature *signature, const CgNoteKey *key);
static char *merge(const char *stored, const CgNote *given);
static char *find_stored(const CgNote *note, const CgCheckpoint *checkpoint);

/*
 * A database that was made again under its old name, by a dump that was restored in place,
 * has not signed a checkpoint.  But the file beside the key says that its predecessor has.
 * Returns whether it has.
 */
static bool
find_predecessor(CgJournalState *state)
{
	if (cg_signing_configured())
	{
		List	   *keys = cg_signing_keys();
		ListCell   *lc;

		strlcpy(state->origin, cg_signing_origin(keys), sizeof(state->origin));
		/* They are secret, and this is an ordinary session. */
		foreach(lc, keys)
			explicit_bzero(lfirst(lc), sizeof(CgNoteKey));
	}
	return state->origin[0] != '\0' && cg_statefile_read_checkpoint(state->origin, 1, "") != NULL;
}

/* Has a failover come since the log got its name? */
static bool
is_after_failover(void)
{
	int64		seq;

	return cg_owncommand_select_int8("SELECT max(f.seq) FROM contact_guard.log f WHERE f.event = 'failover' AND NOT EXISTS "
									 "(SELECT FROM contact_guard.log e WHERE e.event = 'epoch' AND e.seq > f.seq AND starts_with(e.reason, 'new epoch '))",
									 0, NULL, NULL, &seq);
}

/* The recorder sees the new origin only now; before, it would fail once more. */
static void
ask_to_sign(XactEvent event)
{
	CgDatabase *database;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	if (event == XACT_EVENT_COMMIT && signing_asked)
	{
		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		database = cg_shared_database(MyDatabaseId, false);
		if (database)
		{
			database->unsigned_because[0] = '\0';
			database->sign_again = true;
			/* If no recorder runs, the next one has nothing to forget. */
			database->due_at = GetCurrentTimestamp();
			cg_shared_wake(database);
		}
		LWLockRelease(cg_shared->lock);
	}
	signing_asked = false;
}

static void
sign_at_commit(void)
{
	static bool registered = false;

	if (!registered)
		cg_xactend_on_event(ask_to_sign);
	registered = true;
	cg_special_note();
	signing_asked = true;
}

/*
 * Begins a new origin.  Its record has the last note of the old origin, so the first
 * checkpoint of the new origin covers that note.  A restored database may not know of
 * epochs that came after its backup, but the files beside the key do.  The mark of a failover
 * stays: the other server that it was to be told from may begin a new epoch, too.  So may the
 * server that the newest failover has left, if that failover has given no name yet: then a
 * mark is made here.
 */
Datum
cg_new_epoch(PG_FUNCTION_ARGS)
{
	CgJournalState state;
	char	   *reason;
	char	   *last;
	CgLaterNames later;
	Oid			types[3] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[3];

	cg_roles_require_admin("begin a new epoch");
	reason = cg_eventrecord_text_argument(fcinfo, 0, "reason");
	/* After a start of the server the recorder writes the row that is locked below. */
	cg_journal_require();
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	/*
	 * There is nothing to leave behind.  That is no error: a script that restores a database
	 * cannot know whether the recorder of the old one had come to sign.
	 */
	if (state.origin[0] == '\0' && !find_predecessor(&state))
	{
		ereport(NOTICE,
				(errmsg("no checkpoint of this log was ever signed, so no new epoch begins"),
				 errhint("The first checkpoint begins the first epoch. See contact_guard.signing_key_file.")));
		PG_RETURN_VOID();
	}
	cg_statefile_find_later(state.origin, state.origin_number, state.origin_mark, &later);
	last = cg_statefile_read_checkpoint(state.origin, later.newest, later.mark);
	values[0] = CStringGetTextDatum(state.origin);
	values[1] = Int32GetDatum(later.highest + 1);
	if (is_after_failover())
		cg_statefile_make_mark(state.origin_mark);
	values[2] = CStringGetTextDatum(state.origin_mark);
	(void) cg_owncommand_execute("UPDATE contact_guard.journal_state SET origin = $1, origin_number = $2, origin_mark = $3",
								3, types, values, NULL);
	cg_eventrecord_event(CG_EVENT_EPOCH, NULL, 1,
						 psprintf("new epoch %s: %s; the last checkpoint of the old one: %s",
								  cg_statefile_numbered(state.origin, later.highest + 1, state.origin_mark), reason,
								  last ? cg_notetext_from_note(last) : "none"));
	sign_at_commit();
	PG_RETURN_VOID();
}

/* The newest valid signature of the key, or NULL; other signatures of it may be invalid. */
static const CgSignature *
newest_signature(const CgNote *note, const CgNoteKey *key, uint64 *seconds)
{
	const CgSignature *newest = NULL;
	CgNote		one = {.text = note->text, .text_length = note->text_length, .nsignatures = 1};

	for (int i = 0; i < note->nsignatures; i++)
	{
		uint64_t	time;

		one.signatures[0] = note->signatures[i];
		if (cg_notekey_verify(&one, key, &time) == CG_NOTE_OK && (newest == NULL || time > *seconds))
		{
			newest = &note->signatures[i];
			*seconds = time;
		}
	}
	return newest;
}

static bool
is_signed_by(const CgSignature *signature, const CgNoteKey *key)
{
	return memcmp(signature->id, key->id, CG_KEY_ID_LENGTH) == 0 &&
		signature->name_length == strlen(key->name) &&
		memcmp(signature->name, key->name, signature->name_length) == 0;
}

/*
 * Returns the stored note, in which cosignatures of the given note replace older ones of the
 * same witness.  Only one for each witness is kept; otherwise a witness that signs often
 * would make the note too long.  NULL if no cosignature is newer.
 */
static char *
merge(const char *stored, const CgNote *given)
{
	List	   *keys = cg_signing_parse_vkeys(cg_witness_keys, "contact_guard.witness_keys", true);
	ListCell   *lc;
	CgNote		old;
	CgCheckpoint checkpoint;
	bool		good = false;
	int			count = 0;
	bool		replaced[CG_NOTE_SIGNATURES] = {false};
	StringInfoData lines;
	StringInfoData note;

	if (!cg_signing_parse_checkpoint(stored, &old, &checkpoint))
		elog(ERROR, "the stored checkpoint is damaged");
	initStringInfo(&lines);
	foreach(lc, keys)
	{
		CgNoteKey  *key = lfirst(lc);
		uint64		before;
		uint64		now;
		const CgSignature *signature = newest_signature(given, key, &now);

		good |= signature != NULL;
		if (signature == NULL || (newest_signature(&old, key, &before) && before >= now))
			continue;
		for (int i = 0; i < old.nsignatures; i++)
			replaced[i] |= is_signed_by(&old.signatures[i], key);
		appendBinaryStringInfo(&lines, signature->line, signature->line_length);
		count++;
	}
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the note has no good cosignature of a witness"),
				 errhint("Set contact_guard.witness_keys to the keys of the witnesses.")));
	if (lines.len == 0)
		return NULL;
	initStringInfo(&note);
	appendBinaryStringInfo(&note, old.text, old.text_length);
	appendStringInfoChar(&note, '\n');
	for (int i = 0; i < old.nsignatures; i++)
	{
		if (replaced[i])
			continue;
		appendBinaryStringInfo(&note, old.signatures[i].line, old.signatures[i].line_length);
		count++;
	}
	if (count > CG_NOTE_SIGNATURES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a checkpoint cannot have more than %d signatures", CG_NOTE_SIGNATURES)));
	appendBinaryStringInfo(&note, lines.data, lines.len);
	return note.data;
}

/* The stored note that has the same text; NULL if we have not signed such a note. */
static char *
find_stored(const CgNote *note, const CgCheckpoint *checkpoint)
{
	Oid			types[3] = {TEXTOID, INT8OID, TEXTOID};
	Datum		values[3];
	Datum		stored;

	values[0] = CStringGetTextDatum(checkpoint->origin);
	values[1] = Int64GetDatum((int64) checkpoint->size);
	values[2] = PointerGetDatum(cstring_to_text_with_len(note->text, note->text_length));
	if (!cg_owncommand_select("SELECT note FROM contact_guard.signed_checkpoint "
							 "WHERE origin = $1 AND size = $2 AND starts_with(note, $3 || E'\\n')",
							 3, types, values, TEXTOID, &stored))
		return NULL;
	return TextDatumGetCString(stored);
}

Datum
cg_add_cosignature(PG_FUNCTION_ARGS)
{
	char	   *given = cg_notetext_to_note(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	CgNote		note;
	CgCheckpoint checkpoint;
	Oid			types[4] = {TEXTOID, INT8OID, TEXTOID, TEXTOID};
	Datum		values[4];
	char	   *stored;
	char	   *merged;

	if (!cg_signing_parse_checkpoint(given, &note, &checkpoint))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a signed checkpoint")));
	values[0] = CStringGetTextDatum(checkpoint.origin);
	values[1] = Int64GetDatum((int64) checkpoint.size);
	/* Try again if another session has added a cosignature meanwhile. */
	do
	{
		CHECK_FOR_INTERRUPTS();
		stored = find_stored(&note, &checkpoint);
		if (stored == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("this is not a checkpoint of this log")));
		merged = merge(cg_notetext_to_note(stored), &note);
		if (merged == NULL)
			break;
		values[2] = CStringGetTextDatum(stored);
		values[3] = CStringGetTextDatum(cg_notetext_from_note(merged));
	} while (cg_owncommand_execute("UPDATE contact_guard.signed_checkpoint SET note = $4 "
								  "WHERE origin = $1 AND size = $2 AND note = $3",
								  4, types, values, NULL) == 0);
	PG_RETURN_VOID();
}

Datum
cg_verification_key(PG_FUNCTION_ARGS)
{
	char	   *keys = cg_journalstate_read_verification_keys();

	if (keys == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(keys));
}
