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

#include "guc.h"
#include "journal.h"
#include "note.h"
#include "notetext.h"
#include "objects.h"
#include "owntables.h"
#include "policyrecord.h"
#include "shared.h"
#include "signing.h"
#include "statefile.h"

PG_FUNCTION_INFO_V1(cg_new_epoch);
PG_FUNCTION_INFO_V1(cg_add_cosignature);
PG_FUNCTION_INFO_V1(cg_verification_key);

static char *cosignatures(const CgNote *note);

/* The record of it, which carries the last note of the old origin, comes first in the new one. */
Datum
cg_new_epoch(PG_FUNCTION_ARGS)
{
	CgJournalState state;
	char	   *origin;
	char	   *last;
	CgDatabase *database;

	cg_objects_require_admin("begin a new epoch");
	if (PG_ARGISNULL(0) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the reason must not be empty")));
	if (!cg_journal_read_state(&state) || state.origin[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no checkpoint has been signed yet"),
				 errhint("A new epoch follows a signed one. See contact_guard.signing_key_file.")));
	origin = state.origin_number == 1 ? state.origin :
		psprintf("%s/%d", state.origin, state.origin_number);
	last = cg_statefile_read(cg_statefile_path(psprintf("%s.checkpoint", origin)));
	(void) cg_owntables_execute("UPDATE contact_guard.journal_state SET origin_number = origin_number + 1",
								0, NULL, NULL, NULL, NULL);
	cg_policyrecord_event(CG_EVENT_EPOCH, NULL, 1,
						  psprintf("new epoch %s/%d: %s; the last checkpoint of the old one: %s", state.origin,
								   state.origin_number + 1, text_to_cstring(PG_GETARG_TEXT_PP(0)),
								   last ? cg_notetext_from_note(last) : "none"));
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->unsigned_because[0] = '\0';
	LWLockRelease(cg_shared->lock);
	PG_RETURN_VOID();
}

/* The lines of the note that are good cosignatures of our witnesses, as text. */
static char *
cosignatures(const CgNote *note)
{
	StringInfoData lines;
	ListCell   *lc;

	initStringInfo(&lines);
	foreach(lc, cg_signing_parse_vkeys(cg_witness_keys, "contact_guard.witness_keys"))
	{
		CgNoteKey  *key = lfirst(lc);

		if (cg_note_verify(note, key, NULL) != CG_NOTE_OK)
			continue;
		for (int i = 0; i < note->nsignatures; i++)
			if (memcmp(note->signatures[i].id, key->id, CG_KEY_ID_LENGTH) == 0)
				appendBinaryStringInfo(&lines, note->signatures[i].line, note->signatures[i].line_length);
	}
	if (lines.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the note has no good cosignature of a witness"),
				 errhint("Keys of witnesses are in contact_guard.witness_keys.")));
	return cg_notetext_from_note(psprintf("\n\n%s", lines.data)) + 2;
}

Datum
cg_add_cosignature(PG_FUNCTION_ARGS)
{
	char	   *given = cg_notetext_to_note(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	CgNote		note;
	char	   *lines;
	CgCheckpoint checkpoint;
	Oid			types[4] = {TEXTOID, INT8OID, TEXTOID, TEXTOID};
	Datum		values[4];

	if (!cg_signing_parse_checkpoint(given, &note, &checkpoint))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is no signed checkpoint")));
	lines = cosignatures(&note);
	values[0] = CStringGetTextDatum(checkpoint.origin);
	values[1] = Int64GetDatum((int64) checkpoint.size);
	values[2] = CStringGetTextDatum(lines);
	values[3] = PointerGetDatum(cstring_to_text_with_len(note.text, note.text_length));
	/* Only to the very text that we have signed. */
	if (cg_owntables_execute("UPDATE contact_guard.signed_checkpoint SET note = note || $3 "
							 "WHERE origin = $1 AND size = $2 AND starts_with(note, $4 || E'\\n') AND strpos(note, $3) = 0",
							 4, types, values, NULL, NULL) == 0 &&
		cg_owntables_execute("SELECT 1::bigint FROM contact_guard.signed_checkpoint "
							 "WHERE origin = $1 AND size = $2 AND starts_with(note, $4 || E'\\n') AND strpos(note, $3) > 0",
							 4, types, values, NULL, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is no checkpoint of ours")));
	PG_RETURN_VOID();
}

Datum
cg_verification_key(PG_FUNCTION_ARGS)
{
	CgJournalState state;

	if (!cg_journal_read_state(&state) || state.verification_keys == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(state.verification_keys));
}
