/*
 * survey.c
 *		What a purge would remove from the log.
 *
 * To count the rows of a month and to find the gaps between their numbers takes as long
 * as to read the month.  Under the lock of a purge, everybody who reads the log would wait
 * for that, and so would the recorder.  So it is done before, in a subtransaction whose
 * end releases its locks, and checked under the lock: nobody but the recorder adds rows
 * to the log, each with a higher number than all before, so that a month with the same
 * highest number has the same rows.  Which of them are held depends on contact_guard.held
 * alone.  What erasures change meanwhile makes no difference: the customers whom they
 * erase are not held.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "log/ranges.h"
#include "log/survey.h"

/*
 * The ranges that are removed with a month contain only rows that do not stay.  With a
 * wider range, a held row, or a row of the next month with a number in between, could
 * later be removed without being noticed.  The ranges of a purge record that is itself
 * removed are named again.
 */
#define RANGES_QUERY \
	"SELECT lower(r), upper(r) - 1 FROM (SELECT unnest(range_agg(r)) AS r FROM (" \
	"SELECT int8range(min(seq), max(seq), '[]') AS r FROM (" \
	"SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM contact_guard.%s WHERE NOT " CG_IS_HELD ") s GROUP BY run " \
	"UNION ALL SELECT CASE WHEN a <= b AND b < seq THEN int8range(a, b, '[]') END FROM (" \
	"SELECT seq, m[1]::bigint AS a, m[2]::bigint AS b FROM contact_guard.%s, " \
	"regexp_matches(substring(reason FROM '^[0-9]+ months before [^,]*(?:, seq [0-9]+ to [0-9]+)+(?=: )'), " \
	"'seq ([0-9]{1,18}) to ([0-9]{1,18})', 'g') AS m WHERE event = 'purge') named) s) s ORDER BY 1"

/*
 * EXCEPT reads the log once; NOT IN would read it once for each statement, where the log
 * is larger than work_mem.
 */
#define UNUSED_QUERY \
	"SELECT array_agg(query_id) FROM (SELECT query_id FROM contact_guard.query_text WHERE used_in IS NULL EXCEPT " \
	"SELECT query_id FROM contact_guard.log WHERE query_id IS NOT NULL AND " \
	"EXISTS (SELECT FROM contact_guard.query_text WHERE used_in IS NULL) AND " \
	"(read_at >= date_trunc('month', $1, 'UTC') OR " CG_IS_HELD ")) q"

#define HOLDS_QUERY "SELECT coalesce(string_agg(quote_literal(customer), ',' ORDER BY customer), '') FROM contact_guard.held"

static char *find_text(const char *sql);
static int64 last_seq(const char *name);
static CgMonth *look_at_month(Oid relid);
static CgSurvey *survey_now(TimestampTz before);

/* The text that a query finds; NULL if it finds none. */
static char *
find_text(const char *sql)
{
	Datum		result;

	return cg_owncommand_select(sql, 0, NULL, NULL, TEXTOID, &result) ? TextDatumGetCString(result) : NULL;
}

static int64
last_seq(const char *name)
{
	int64		result = PG_INT64_MIN;

	(void) cg_owncommand_select_int8(psprintf("SELECT max(seq) FROM contact_guard.%s", name), 0, NULL, NULL, &result);
	return result;
}

static CgMonth *
look_at_month(Oid relid)
{
	const char *name = get_rel_name(relid);
	CgMonth    *month = palloc0(sizeof(CgMonth));

	month->relid = relid;
	month->last_seq = last_seq(name);
	(void) cg_owncommand_select_int8(psprintf("SELECT count(*) FROM contact_guard.%s", name), 0, NULL, NULL, &month->rows);
	(void) cg_owncommand_select_int8(psprintf("SELECT count(*) FROM contact_guard.%s WHERE " CG_IS_HELD, name),
									 0, NULL, NULL, &month->held);
	if (month->held > 0)
		month->held_seqs = find_text(psprintf("SELECT array_agg(seq)::text FROM contact_guard.%s WHERE " CG_IS_HELD, name));
	if (month->held < month->rows)
		month->ranges = cg_ranges_find(psprintf(RANGES_QUERY, name, name), 0, NULL, NULL);
	return month;
}

static CgSurvey *
survey_now(TimestampTz before)
{
	CgSurvey   *survey = palloc0(sizeof(CgSurvey));
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};
	ListCell   *lc;

	LockRelationOid(cg_objects_relation("log", false), AccessShareLock);
	survey->holds = find_text(HOLDS_QUERY);
	foreach(lc, cg_survey_months_before(before))
		survey->months = lappend(survey->months, look_at_month(lfirst_oid(lc)));
	if (!cg_owncommand_select(UNUSED_QUERY, 1, types, values, INT8ARRAYOID, &survey->unused_texts))
		survey->unused_texts = PointerGetDatum(construct_empty_array(INT8OID));
	return survey;
}

CgSurvey *
cg_survey_ahead(TimestampTz before)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	CgSurvey   *survey;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PushActiveSnapshot(GetLatestSnapshot());
	survey = survey_now(before);
	PopActiveSnapshot();
	/* There is nothing to take back, but a commit would keep the locks. */
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return survey;
}

CgSurvey *
cg_survey_check(CgSurvey *survey, TimestampTz before)
{
	char	   *holds = find_text(HOLDS_QUERY);

	return strcmp(holds, survey->holds) == 0 ? survey : survey_now(before);
}

CgMonth *
cg_survey_month(const CgSurvey *survey, Oid relid)
{
	ListCell   *lc;

	foreach(lc, survey->months)
	{
		CgMonth    *month = lfirst(lc);

		if (month->relid == relid && month->last_seq == last_seq(get_rel_name(relid)))
			return month;
	}
	return look_at_month(relid);
}

List *
cg_survey_months_before(TimestampTz before)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, find_inheritance_children(cg_objects_relation("log", false), AccessShareLock))
	{
		int			year;
		int			month;
		struct pg_tm tm = {0};
		TimestampTz end;

		if (sscanf(get_rel_name(lfirst_oid(lc)), "log_%d_%d", &year, &month) != 2)
			continue;
		tm.tm_year = month == 12 ? year + 1 : year;
		tm.tm_mon = month == 12 ? 1 : month + 1;
		tm.tm_mday = 1;
		if (tm2timestamp(&tm, 0, &(int) {0}, &end) == 0 && end <= before)
			result = lappend_oid(result, lfirst_oid(lc));
	}
	list_sort(result, list_oid_cmp);
	return result;
}
