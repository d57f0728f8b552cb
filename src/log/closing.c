/*
 * closing.c
 *		After a failover: does the log keep its name, or does it need a new one?
 *
 * A server that was promoted, or recovered to a point in time, may lack records that the
 * old server had signed.  It makes other records in their place.  If it signed these under
 * the same origin, there would be two logs of one name: the log itself would make what every
 * witness takes for tampering.  So the recorder closes the origin, and begins the next one
 * as contact_guard.new_epoch() does.  Nobody has to act for signing to go on.  That records
 * were lost is not hidden: there is a record "gap", which is a problem in status() until
 * somebody acknowledges it, and the record "epoch" has the last note of the old origin.
 *
 * Only a new timeline allows that, because only there a log becomes shorter by itself.  A
 * record "failover" counts until a checkpoint has been signed behind it, or a new epoch has
 * begun.  Where the log has no such record, as after a row was changed, or a data directory
 * was copied back, nothing is signed until a person acts (checkpoint.c).  Nobody without the
 * rights of the server's own user can make a timeline.  He who can could call new_epoch() as
 * well, and that leaves less to be seen.
 *
 * Nothing that a promoted server has of its own says what was signed last.  A copy of the
 * state file may be older than that.  The end of a timeline by a shutdown proves nothing: the
 * old server may have been started again, in the same timeline, and may have signed on, or may
 * do so tomorrow.  So the log keeps its name only where an administrator has declared that all
 * servers have one directory of state files, and where it contains the checkpoint in that
 * file.  Even then the file must not be older than the newest checkpoint in the table, which
 * came with replication, and than the failover before: such a file was not shared.
 *
 * In all other cases the origin is closed, also if nothing was signed as far as this server
 * knows: a needless new name costs little, since a witness sees that everything is still
 * there, and a fork can never be taken back.  A file that is at hand still counts against the
 * log: records are lost if the log does not contain its checkpoint.
 *
 * Two standbys of a lost primary may both be promoted, by mistake.  Neither knows of the other,
 * and both have the same origin to close, at the same number.  So the new name has a mark, a
 * random number that no other server makes: two logs of one name would be a fork that nobody
 * has made.  The mark stays in the names that new_epoch() gives later.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/guc.h"
#include "base/owncommand.h"
#include "evidence/notetext.h"
#include "evidence/signing.h"
#include "evidence/statefile.h"
#include "evidence/tiles.h"
#include "journal/journalstate.h"
#include "log/apply.h"
#include "log/closing.h"

/* The signatures of a longer note are not cited: a leaf has at most 65,535 bytes. */
#define LONGEST_NOTE 16384

/* Records "failover" behind the newest checkpoint of the origin $1 and the newest epoch. */
#define OPEN_FAILOVERS \
	"FROM contact_guard.log f WHERE f.event = 'failover' " \
	"AND f.seq >= coalesce((SELECT max(size) FROM contact_guard.signed_checkpoint WHERE origin = $1), 0) " \
	"AND NOT EXISTS (SELECT FROM contact_guard.log e WHERE e.event = 'epoch' AND e.seq > f.seq AND starts_with(e.reason, 'new epoch '))"

/* What is known of the present origin. */
typedef struct Known
{
	char	   *base;			/* the origin without its number */
	int			number;
	char		mark[CG_STATEFILE_MARK + 1];
	CgLaterNames later;
	int64		failover;		/* seq of the last one that is not judged yet */
	int64		before;			/* seq of the failover before it; -1: none */
	char	   *filed;			/* the note in the state file of the newest name, or NULL */
	CgCheckpoint file;
	char	   *stored;			/* the newest note in the table, or NULL */
	CgCheckpoint table;
} Known;

static bool looked = false;		/* nothing is left to judge */
static Known known;
static char *why = NULL;		/* to close; NULL: the origin stays */
static bool lost = false;		/* signed records are known to be missing */

static bool read_failovers(const char *origin);
static void read_notes(const char *origin);
static bool contains(const CgCheckpoint *checkpoint);
static bool last_is_known(void);
static void judge_origin(void);
static const char *cited(const char *note);

void
cg_closing_expect(void)
{
	looked = false;
}

/* False if there is none to judge. */
static bool
read_failovers(const char *origin)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(origin)};

	if (!cg_owncommand_select_int8("SELECT max(f.seq) " OPEN_FAILOVERS, 1, types, values, &known.failover))
		return false;
	known.before = -1;
	types[0] = INT8OID;
	values[0] = Int64GetDatum(known.failover);
	(void) cg_owncommand_select_int8("SELECT max(seq) FROM contact_guard.log WHERE event = 'failover' AND seq < $1",
									 1, types, values, &known.before);
	return true;
}

/* ERROR if one of them is not a checkpoint. */
static void
read_notes(const char *origin)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(origin)};
	Datum		stored;
	CgNote		note;

	cg_statefile_find_later(known.base, known.number, known.mark, &known.later);
	known.filed = cg_statefile_read_checkpoint(known.base, known.later.newest, known.later.mark);
	if (cg_owncommand_select("SELECT note FROM contact_guard.signed_checkpoint WHERE origin = $1 ORDER BY size DESC LIMIT 1",
							 1, types, values, TEXTOID, &stored))
		known.stored = cg_notetext_to_note(TextDatumGetCString(stored));
	if (known.filed &&
		(!cg_signing_parse_checkpoint(known.filed, &note, &known.file) ||
		 strcmp(known.file.origin, cg_statefile_numbered(known.base, known.later.newest, known.later.mark)) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the state file of checkpoints of \"%s\" is damaged", cg_statefile_numbered(known.base, known.later.newest, known.later.mark))));
	if (known.stored && !cg_signing_parse_checkpoint(known.stored, &note, &known.table))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the newest checkpoint of \"%s\" in contact_guard.signed_checkpoint is damaged", origin)));
}

static bool
contains(const CgCheckpoint *checkpoint)
{
	uint8		root[CG_HASH_LENGTH];
	bool		result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = checkpoint->size <= cg_tiles_size();
	if (result)
	{
		cg_tiles_root(checkpoint->size, root);
		result = memcmp(root, checkpoint->root, CG_HASH_LENGTH) == 0;
	}
	/* Back to the memory context of the caller. */
	SPI_finish();
	return result;
}

/*
 * Is it known what was signed last?  Only the one file that all servers write tells that; if
 * there is none, and nothing in the table, nothing was signed.
 */
static bool
last_is_known(void)
{
	if (!cg_state_directory_shared || known.later.unproved > known.later.newest)
		return false;
	if (known.filed == NULL)
		return known.stored == NULL;
	return (int64) known.file.size > known.before &&
		(known.stored == NULL || known.file.size >= known.table.size);
}

static void
judge_origin(void)
{
	/* A failover loses the end of a log, and changes nothing before. */
	if (known.stored && !contains(&known.table))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the access log does not contain its own signed checkpoint of size " UINT64_FORMAT, known.table.size),
				 errdetail("A failover does not explain that: somebody has altered the log."),
				 errhint("Keep the log and the checkpoints as evidence. contact_guard.new_epoch() begins a new origin.")));
	if (known.later.newest > known.number)
		why = psprintf("the log that failover seq " INT64_FORMAT " left has signed under a later name", known.failover);
	else if (known.filed && !contains(&known.file))
		why = psprintf("failover seq " INT64_FORMAT " has lost records that were signed", known.failover);
	else if (!last_is_known())
	{
		why = psprintf("it is not known what the server that failover seq " INT64_FORMAT " left had signed last", known.failover);
		return;
	}
	lost = why != NULL;
}

void
cg_closing_look(List *keys)
{
	MemoryContext context = CurrentMemoryContext;
	CgJournalState state;
	char	   *origin;

	why = NULL;
	lost = false;
	if (looked)
		return;
	memset(&known, 0, sizeof(known));
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	/* A transaction begins in its own memory context. */
	MemoryContextSwitchTo(context);
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	known.base = pstrdup(state.origin);
	if (known.base[0] == '\0')
	{
		known.base = cg_signing_origin(keys);
		cg_notetext_require_name(known.base, "Set contact_guard.origin to the name of the log.");
	}
	known.number = state.origin_number;
	strlcpy(known.mark, state.origin_mark, sizeof(known.mark));
	origin = cg_statefile_numbered(known.base, known.number, known.mark);
	if (read_failovers(origin))
	{
		read_notes(origin);
		judge_origin();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	looked = why == NULL;
}

/* The note as text of the database; without signatures if it is too long. */
static const char *
cited(const char *note)
{
	const char *signatures;

	if (note == NULL)
		return "none";
	if (strlen(note) <= LONGEST_NOTE)
		return cg_notetext_from_note(note);
	signatures = strstr(note, "\n\n");
	return pnstrdup(note, signatures ? signatures - note : LONGEST_NOTE);
}

void
cg_closing_record(void)
{
	Oid			types[4] = {TEXTOID, INT4OID, INT4OID, TEXTOID};
	Datum		values[4];
	int			next = known.later.highest + 1;
	char		mark[CG_STATEFILE_MARK + 1];

	if (why == NULL)
		return;
	cg_statefile_make_mark(mark);
	cg_apply_begin();
	values[0] = CStringGetTextDatum(known.base);
	values[1] = Int32GetDatum(next);
	values[2] = Int32GetDatum(known.number);
	values[3] = CStringGetTextDatum(mark);
	/* Not if somebody has called new_epoch() meanwhile. */
	if (cg_owncommand_execute("UPDATE contact_guard.journal_state SET origin = $1, origin_number = $2, origin_mark = $4 WHERE origin_number = $3",
							  4, types, values, NULL) != 1)
	{
		cg_apply_end_empty();
		return;
	}
	if (lost)
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("a checkpoint of " UINT64_FORMAT " records was signed as %s, and this log does not continue it: records that were signed are missing, or have other numbers",
									 known.file.size, known.file.origin));
	cg_apply_own_record(CG_EVENT_EPOCH,
						psprintf("new epoch %s: %s; the last checkpoint of the old one: %s",
								 cg_statefile_numbered(known.base, next, mark), why,
								 cited(lost || known.file.size > known.table.size ? known.filed : known.stored)));
	cg_apply_commit(InvalidXLogRecPtr);
	looked = true;
}
