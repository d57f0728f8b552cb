/*
 * retention.c
 *		purge(), acknowledge_gaps().
 *
 * The log is purged by whole months: to drop a partition is cheap and leaves no dead
 * rows.  If a customer is held, a new partition of that month gets the rows that must
 * stay before the old one is dropped.  These are the rows of that customer; the bulk
 * reads, which read every customer; and the erasures, without which contact-guard verify
 * would report the erased values as missing.
 *
 * Locks: DETACH and DROP take AccessExclusiveLock on contact_guard.log, so a purge waits
 * for queries of the log.  While it waits it holds no lock that the recorder needs.
 * After that the recorder waits for the purge.  Guarded reads go on.  So what takes long is
 * done before that: reading the months (survey.c), and whatever concerns restored rows, for
 * which holds and erasures wait, and nobody else.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/objects.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/eventrecord.h"
#include "log/accesslog.h"
#include "log/brought.h"
#include "log/holds.h"
#include "log/pseudonym.h"
#include "log/ranges.h"
#include "log/survey.h"

PG_FUNCTION_INFO_V1(cg_purge);
PG_FUNCTION_INFO_V1(cg_acknowledge_gaps);

/* What a purge has done to the rows that restores have brought. */
typedef struct Restored
{
	int64		rows;			/* that it has deleted */
	char	   *hash;			/* of those that are left, if there were such */
	Datum		texts;			/* int8[]: statements that these need */
} Restored;

static void check_before(TimestampTz before);
static int64 count(const char *what, const char *table);
static void leave_extension(Oid class, Oid object);
static int64 purge_month(const CgMonth *month, List **ranges);
static void drop_month(const char *name);
static void purge_restored(TimestampTz before, Restored *restored);
static void look_at_restored(TimestampTz before, Restored *restored);
static void purge_passed(TimestampTz before);
static void purge_texts(TimestampTz before, Datum unused, Datum restored);

static void
check_before(TimestampTz before)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz latest = now - (int64) cg_min_retention * USECS_PER_MINUTE;

	if (TIMESTAMP_NOT_FINITE(before))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the time before which to purge must be finite")));
	if (before > now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot purge the access log before a time in the future")));
	if (before > latest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot purge records that are younger than contact_guard.min_retention"),
				 errdetail("The access log is kept for at least %d days.", cg_min_retention / (24 * 60)),
				 errhint("The latest time that can be given now is %s.", timestamptz_to_str(latest))));
}

static int64
count(const char *what, const char *table)
{
	int64		result = 0;

	(void) cg_owncommand_select_int8(psprintf("SELECT %s FROM contact_guard.%s", what, table), 0, NULL, NULL, &result);
	return result;
}

static void
leave_extension(Oid class, Oid object)
{
	if (OidIsValid(object))
		(void) deleteDependencyRecordsForClass(class, object, ExtensionRelationId, DEPENDENCY_EXTENSION);
}

/*
 * A member of an extension cannot be dropped, so the partition leaves the extension
 * first.  Its row type may be a member, too: if the extension's script has created the
 * table, or if pg_upgrade to 17 has added the type.
 */
static void
drop_month(const char *name)
{
	Oid			relid = cg_objects_relation(name, false);
	Oid			type = get_rel_type_id(relid);

	leave_extension(RelationRelationId, relid);
	leave_extension(TypeRelationId, type);
	leave_extension(TypeRelationId, get_array_type(type));
	CommandCounterIncrement();
	(void) cg_owncommand_execute(psprintf("DROP TABLE contact_guard.%s", name), 0, NULL, NULL, NULL);
}

/* Returns the number of removed rows, and adds their ranges. */
static int64
purge_month(const CgMonth *survey, List **ranges)
{
	char	   *name = get_rel_name(survey->relid);
	char	   *old = psprintf("%s_purged", name);
	int			year;
	int			month;

	if (survey->held > 0 && survey->held == survey->rows)
		return 0;
	*ranges = list_concat(*ranges, survey->ranges);
	if (survey->held == 0)
	{
		drop_month(name);
		return survey->rows;
	}
	(void) sscanf(name, "log_%d_%d", &year, &month);
	(void) cg_owncommand_execute(psprintf("ALTER TABLE contact_guard.log DETACH PARTITION contact_guard.%s", name),
								0, NULL, NULL, NULL);
	(void) cg_owncommand_execute(psprintf("ALTER TABLE contact_guard.%s RENAME TO %s", name, old),
								0, NULL, NULL, NULL);
	cg_accesslog_make_month(year, month);
	/* By their numbers, which have an index. */
	if (cg_ownrows_copy(survey->relid, psprintf("seq = ANY ('%s'::pg_catalog.int8[])", survey->held_seqs),
						cg_objects_relation(name, false)) != survey->held)
		elog(ERROR, "rows of %s that are held are not there", old);
	drop_month(old);
	return survey->rows - survey->held;
}

/*
 * The tables that a restore fills have no partitions, so rows are deleted.  That and the hash
 * of what is left take their time, so it is done before anybody waits for a lock on the log;
 * contact_guard.held is locked, and nothing else changes restored rows from here on.
 */
static void
purge_restored(TimestampTz before, Restored *restored)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};

	LockRelationOid(cg_objects_relation("restored_log", false), ShareRowExclusiveLock);
	PushActiveSnapshot(GetLatestSnapshot());
	restored->rows = cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.restored_log "
									   "WHERE read_at < date_trunc('month', $1, 'UTC') AND NOT " CG_IS_HELD " FOR UPDATE",
									   1, types, values);
	if (restored->rows > 0)
		restored->hash = cg_brought_hash();
	PopActiveSnapshot();
}

/*
 * What is done ahead.  Without old restored rows, contact_guard.held is not locked: a purge
 * that waits for readers of the log must not keep others from holding.
 */
static void
look_at_restored(TimestampTz before, Restored *restored)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};

	if (cg_owncommand_finds("SELECT FROM contact_guard.restored_log WHERE read_at < date_trunc('month', $1, 'UTC') LIMIT 1",
							1, types, values))
	{
		cg_holds_lock("purge the access log");
		purge_restored(before, restored);
	}
	PushActiveSnapshot(GetLatestSnapshot());
	if (!cg_owncommand_select("SELECT coalesce(array_agg(DISTINCT query_id), '{}') FROM contact_guard.restored_log WHERE query_id IS NOT NULL",
							  0, NULL, NULL, INT8ARRAYOID, &restored->texts))
		elog(ERROR, "could not read contact_guard.restored_log");
	PopActiveSnapshot();
}

static void
purge_passed(TimestampTz before)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.journal_passed "
							 "WHERE passed_at < date_trunc('month', $1, 'UTC') FOR UPDATE", 1, types, values);
}

/*
 * A statement's text is removed with the last record that needs it.  used_in is the month
 * of the last record; in older months only held records are left.  A text that a restore
 * has brought has no used_in.  So it is with what records of a month have in common
 * (logcommon.c).  The counter in shared memory tells the processes that keep texts or
 * numbers of these rows.  It changes under the lock on query_text, so that the recorder does
 * not use what will be gone.
 */
static void
purge_texts(TimestampTz before, Datum unused, Datum restored)
{
	Oid			types[3] = {TIMESTAMPTZOID, INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[3] = {TimestampTzGetDatum(before), unused, restored};
	CgDatabase *database;

	(void) cg_owncommand_execute("DELETE FROM contact_guard.query_text q "
								"WHERE (used_in < date_trunc('month', $1, 'UTC') OR (used_in IS NULL AND query_id = ANY ($2))) AND "
								"NOT EXISTS (SELECT FROM contact_guard.log l WHERE l.query_id = q.query_id "
								"AND l.read_at < date_trunc('month', $1, 'UTC')) AND "
								"q.query_id <> ALL ($3)",
								3, types, values, NULL);
	/* The older months have only held records now. */
	(void) cg_owncommand_execute("DELETE FROM contact_guard.log_common c "
								"WHERE month < date_trunc('month', $1, 'UTC') AND "
								"NOT EXISTS (SELECT FROM contact_guard.log l WHERE l.common = c.number "
								"AND l.read_at < date_trunc('month', $1, 'UTC'))",
								1, types, values, NULL);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->texts++;
	LWLockRelease(cg_shared->lock);
}

Datum
cg_purge(PG_FUNCTION_ARGS)
{
	char	   *reason;
	TimestampTz before;
	CgSurvey   *survey;
	int			months = 0;
	int64		purged = 0;
	Restored	restored = {0};
	List	   *ranges = NIL;
	ListCell   *lc;

	cg_roles_require_admin("purge the access log");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the time before which to purge must not be null")));
	before = PG_GETARG_TIMESTAMPTZ(0);
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	check_before(before);
	cg_holds_require_recorded("purge the access log");
	/* Whatever takes its time is looked up before anybody waits. */
	survey = cg_survey_ahead(before);
	look_at_restored(before, &restored);
	/* DROP ignores snapshots: no row may be added to a month after it was looked at. */
	cg_holds_begin(AccessExclusiveLock, "purge the access log");
	/*
	 * After the wait for queries of the log: each batch of the recorder takes this lock,
	 * and must not wait for those queries, too.
	 */
	LockRelationOid(cg_objects_relation("query_text", false), ShareRowExclusiveLock);
	foreach(lc, cg_survey_months_before(before))
	{
		/* The recorder locks the partition that it writes, and not only the log. */
		LockRelationOid(lfirst_oid(lc), AccessExclusiveLock);
	}
	/* A snapshot that is taken when all locks are held. */
	PopActiveSnapshot();
	PushActiveSnapshot(GetLatestSnapshot());
	survey = cg_survey_check(survey, before);
	foreach(lc, cg_survey_months_before(before))
	{
		int64		rows = purge_month(cg_survey_month(survey, lfirst_oid(lc)), &ranges);

		months += rows > 0 || !OidIsValid(get_rel_namespace(lfirst_oid(lc)));
		purged += rows;
	}
	purged += restored.rows;
	purge_passed(before);
	cg_pseudonym_purge(before);
	purge_texts(before, survey->unused_texts, restored.texts);
	PopActiveSnapshot();
	if (months == 0 && purged == 0)
		ereport(NOTICE,
				(errmsg("nothing to purge: no month of the access log ends before %s",
						timestamptz_to_str(before))));
	else
		cg_ranges_record(CG_EVENT_PURGE, NULL, psprintf("%d months before %s", months, timestamptz_to_str(before)), ranges,
						 purged, reason);
	if (restored.rows > 0)
		cg_brought_record(CG_BROUGHT_REMOVED, restored.rows, restored.hash);
	PG_RETURN_INT64(purged);
}

Datum
cg_acknowledge_gaps(PG_FUNCTION_ARGS)
{
	char	   *reason;
	int64		gaps;

	cg_roles_require_admin("acknowledge gaps in the access log");
	reason = cg_eventrecord_text_argument(fcinfo, 0, "reason");
	gaps = count("gaps - gaps_acknowledged", "journal_state");
	if (gaps == 0)
		ereport(NOTICE,
				(errmsg("there is no gap to acknowledge")));
	else
	{
		(void) cg_owncommand_execute("UPDATE contact_guard.journal_state SET gaps_acknowledged = gaps",
									0, NULL, NULL, NULL);
		cg_eventrecord_event(CG_EVENT_POLICY, NULL, gaps, psprintf("gaps acknowledged: %s", reason));
	}
	PG_RETURN_INT64(gaps);
}
