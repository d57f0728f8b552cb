/*
 * troubles.c
 *		What is wrong with the recording of this database: see troubles.h.
 *
 * These texts are read at night.  So each says what waits, for what, and since when, and
 * there is none while all is well: a short wait is not a problem.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/identitykeys.h"
#include "base/owncommand.h"
#include "evidence/signing.h"
#include "journal/forward.h"
#include "journal/space.h"
#include "log/troubles.h"

static List *add_launcher(List *found);
static List *add_primary(List *found);
static List *add_recorder(List *found, const CgDatabase *database);
static List *add_backlog(List *found, const CgDatabase *database);
static List *add_signing(List *found, const CgDatabase *database, TimestampTz signed_at);
static List *add_identity(List *found);
static char *recorder_waits(pid_t recorder);
static bool is_silent(TimestampTz last_checkpoint);

List *
cg_troubles_list(const CgJournalState *state, const CgDatabase *database, TimestampTz signed_at)
{
	List	   *found = NIL;

	if (!RecoveryInProgress())
		found = add_launcher(found);
	if (cg_forward_is_on())
		found = add_primary(found);
	if (cg_shared->turned_away > 0)
		found = lappend(found, psprintf("guarded columns cannot be read in %d databases: more than %d have contact_guard, see contact_guard.max_databases",
										cg_shared->turned_away, cg_max_databases));
	if (!RecoveryInProgress() && cg_shared_has_no_room(MyDatabaseId))
		found = lappend(found, "guarded columns cannot be read in this database: contact_guard.max_databases leaves no room for it");
	found = add_backlog(found, database);
	found = add_recorder(found, database);
	found = add_signing(found, database, signed_at);
	found = add_identity(found);
	if (state->gaps > 0)
		found = lappend(found, psprintf("records are missing: " INT64_FORMAT " records of event \"gap\" or \"conflict\" in the access log are not acknowledged, see contact_guard.acknowledge_gaps()",
										state->gaps));
	return found;
}

/* The launcher is there a second after it has ended, so it is missed only after some. */
static List *
add_launcher(List *found)
{
	char	   *why = cg_shared_no_launcher();
	char		error[CG_ERROR_LENGTH];

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	strlcpy(error, cg_shared->error, sizeof(error));
	LWLockRelease(cg_shared->lock);
	if (why)
		return lappend(found, psprintf("nothing is recorded, and guarded columns cannot be read for long: %s", why));
	if (error[0] != '\0')
		return lappend(found, psprintf("no record can be kept, and guarded columns cannot be read: no replication slot: %s", error));
	return found;
}

/* Asks it, so the answer may take contact_guard.primary_timeout. */
static List *
add_primary(List *found)
{
	char	   *problem = cg_forward_problem();

	if (problem == NULL)
		return found;
	return lappend(found, psprintf("guarded columns cannot be read on this standby: %s", problem));
}

static List *
add_backlog(List *found, const CgDatabase *database)
{
	CgDatabase *entry = unconstify(CgDatabase *, database);	/* reading needs it */
	uint64		recorded_bytes = pg_atomic_read_u64(&entry->recorded_bytes);
	uint64		bytes = pg_atomic_read_u64(&entry->written_bytes) - recorded_bytes;
	char	   *space = RecoveryInProgress() ? NULL : cg_space_problem();

	if (space)
		found = lappend(found, space);
	if (bytes > (uint64) cg_max_backlog * 1024)
		found = lappend(found, psprintf("guarded columns cannot be read: " UINT64_FORMAT " kB of records wait to be stored, more than contact_guard.max_backlog (%d kB)",
										bytes / 1024, cg_max_backlog));
	return found;
}

static List *
add_recorder(List *found, const CgDatabase *database)
{
	char	   *waits = database->recorder != 0 ? recorder_waits(database->recorder) : NULL;

	if (waits)
		found = lappend(found, waits);
	if (database->error[0] != '\0')
		found = lappend(found, psprintf("nothing is recorded: the recorder failed while %s", database->error));
	return found;
}

/* Whom does the recorder wait for, and since when?  NULL if it has not waited for a second. */
static char *
recorder_waits(pid_t recorder)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(recorder)};
	Datum		result;

	if (!cg_owncommand_select("SELECT format('the recorder (pid %s) has waited %s s for a lock%s held by %s', l.pid, "
							 "extract(epoch FROM clock_timestamp() - l.waitstart)::bigint, "
							 "coalesce(' on ' || l.relation::regclass::text, ''), "
							 "coalesce((SELECT string_agg(format('pid %s (%s)', b.pid, concat_ws(', ', a.usename, a.application_name, a.state)), ' and ' ORDER BY b.pid) "
							 "FROM (SELECT DISTINCT unnest(pg_blocking_pids(l.pid)) AS pid) b LEFT JOIN pg_stat_activity a USING (pid)), 'nobody any more')) "
							 "FROM pg_locks l WHERE l.pid = $1 AND NOT l.granted AND l.waitstart < clock_timestamp() - interval '1 second'",
							 1, types, values, TEXTOID, &result))
		return NULL;
	return TextDatumGetCString(result);
}

static List *
add_signing(List *found, const CgDatabase *database, TimestampTz signed_at)
{
	char		keys[CG_ERROR_LENGTH];

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	strlcpy(keys, cg_shared->unsigned_because, sizeof(keys));
	LWLockRelease(cg_shared->lock);
	if (database->unsigned_because[0] != '\0')
		return lappend(found, psprintf("no checkpoint is signed: %s", database->unsigned_because));
	if (keys[0] != '\0')
		return lappend(found, psprintf("no checkpoint is signed: %s", keys));
	if (!cg_signing_configured() && cg_journalstate_read_verification_keys() != NULL)
		return lappend(found, "no checkpoint is signed: contact_guard.signing_key_file is not set, though checkpoints of this log have been signed");
	if (signed_at != 0 && is_silent(signed_at))
		return lappend(found, psprintf("no checkpoint since %s, though a heartbeat is due every %d s: is the recorder running?",
									   timestamptz_to_str(signed_at), cg_heartbeat_interval));
	return found;
}

/* A recorder that is stopped cannot report it, so the age of its checkpoint is checked. */
static bool
is_silent(TimestampTz last_checkpoint)
{
	return cg_signing_configured() && !RecoveryInProgress() &&
		TimestampDifferenceExceeds(last_checkpoint, GetCurrentTimestamp(), (3 * cg_heartbeat_interval + 5) * 1000);
}

static List *
add_identity(List *found)
{
	char	   *trouble = cg_identitykeys_trouble();

	if (trouble)
		found = lappend(found, psprintf("tokens are verified by the keys that were read before, if any: %s", trouble));
	if (cg_identity != CG_IDENTITY_OFF && cg_identity_keys[0] == '\0')
		found = lappend(found, "no token is accepted: contact_guard.identity_keys is not set");
	if (cg_identity != CG_IDENTITY_OFF && cg_identity_audience[0] == '\0')
		found = lappend(found, "no token is accepted: contact_guard.identity_audience is not set");
	return found;
}
