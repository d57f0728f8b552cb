/*
 * windowquery.c
 *		The SQL that asks one interventions relation for windows.
 *
 * A window runs from opens_at - early to closes_at + late, but not beyond
 * opens_at + longest.  Without a closing time it is closed, unless "longest" ends it: a
 * job that nobody closes must not stay open for ever.  Columns without time zone are read
 * in the zone that the policy names, not in the session's.  A closing date counts to its
 * last moment.
 *
 * Where early, late and longest have no months, the query compares the columns with
 * times that we compute, and we compute the window from the row.  Then no function of
 * the query depends on a setting, and an index on (technician, opens_at) skips a
 * technician's past.  Where they have months, PostgreSQL computes both, and besides the
 * exact conditions the query has simple ones on opens_at, which follow from them.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/customerkey.h"
#include "policy/windowquery.h"

#define LOOK_AHEAD "'1 second'"
#define LOOK_AHEAD_USECS USECS_PER_SEC
#define LOOK_BACK "'1 year'"
#define LOOK_BACK_USECS (INT64CONST(365) * USECS_PER_DAY)

static char *settings_problem(const CgTableLabel *label);
static bool has_parameter(Node *node, void *context);
static bool is_expression(const char *text);
static char *interval_problem(const char *name, const char *text, Interval **result);
static bool is_plain_interval(const char *text);
static bool usecs_of(const char *text, int64 absent, int64 *usecs);
static TimestampTz shift(TimestampTz time, int64 usecs);
static char *plain_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts, CgAsk ask);
static char *select_text(Oid relid, const AttrNumber *parts, CgAsk ask, const char *from, const char *to);
static char *moment(Oid relid, AttrNumber attnum, const char *timezone, bool closing);
static const char *column(Oid relid, AttrNumber attnum);

char *
cg_windowquery_problem(Oid relid, const CgTableLabel *label, const AttrNumber *parts)
{
	char		relkind = get_rel_relkind(relid);
	Oid			technician;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_VIEW && relkind != RELKIND_MATVIEW && relkind != RELKIND_FOREIGN_TABLE)
		return pstrdup("it is not a table or view");
	for (int part = 0; part < CG_NPARTS; part++)
		if (parts[part] == InvalidAttrNumber)
			return psprintf("no column is its \"%s\"", cg_labels_part_names[part]);

	if (!cg_customerkey_is_type(get_atttype(relid, parts[CG_PART_CUSTOMER])))
		return psprintf("its customer column \"%s\" has type %s",
						get_attname(relid, parts[CG_PART_CUSTOMER], false),
						format_type_be(get_atttype(relid, parts[CG_PART_CUSTOMER])));
	technician = getBaseType(get_atttype(relid, parts[CG_PART_TECHNICIAN]));
	if (technician != TEXTOID && technician != VARCHAROID && technician != NAMEOID)
		return psprintf("its technician column \"%s\" has type %s, not a role's name",
						get_attname(relid, parts[CG_PART_TECHNICIAN], false),
						format_type_be(technician));
	for (int part = CG_PART_OPENS_AT; part <= CG_PART_CLOSES_AT; part++)
	{
		Oid			type = getBaseType(get_atttype(relid, parts[part]));

		if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
			return psprintf("its column \"%s\" has type %s, not a time",
							get_attname(relid, parts[part], false), format_type_be(type));
		if (type != TIMESTAMPTZOID && label->timezone == NULL)
			return psprintf("its column \"%s\" has no time zone, and the policy names no time zone",
							get_attname(relid, parts[part], false));
	}
	return settings_problem(label);
}

static void
open_when_context(void *arg)
{
	errcontext("open_when => \"%s\"", (char *) arg);
}

/*
 * Parses the text by itself: "a) OR (true" is valid only inside of the query, and would
 * remove the condition on the technician there.  ERROR if it does not parse.
 */
/* $1 and so on are ours, and not always given. */
static bool
has_parameter(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, ParamRef) || raw_expression_tree_walker(node, has_parameter, context);
}

static bool
is_expression(const char *text)
{
	ErrorContextCallback callback = {error_context_stack, open_when_context, unconstify(char *, text)};
	SelectStmt *select;
	List	   *parsed;

	error_context_stack = &callback;
	parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	error_context_stack = callback.previous;
	select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
	return list_length(select->targetList) == 1 && select->distinctClause == NIL &&
		select->fromClause == NIL && select->whereClause == NULL && select->groupClause == NIL &&
		select->havingClause == NULL && select->windowClause == NIL && select->sortClause == NIL &&
		select->limitOffset == NULL && select->limitCount == NULL && select->lockingClause == NIL &&
		select->op == SETOP_NONE &&
		linitial_node(ResTarget, select->targetList)->name == NULL && !has_parameter((Node *) select, NULL);
}

static char *
settings_problem(const CgTableLabel *label)
{
	Interval   *ignored;
	char	   *problem;

	if (label->open_when && !is_expression(label->open_when))
		return pstrdup("its \"open_when\" is not a single expression");
	if (label->timezone && pg_tzset(label->timezone) == NULL)
		return psprintf("time zone \"%s\" is not known", label->timezone);
	if ((problem = interval_problem("early", label->early, &ignored)) != NULL ||
		(problem = interval_problem("late", label->late, &ignored)) != NULL ||
		(problem = interval_problem("longest", label->longest, &ignored)) != NULL)
		return problem;
	return NULL;
}

static char *
interval_problem(const char *name, const char *text, Interval **result)
{
	Interval	zero = {0};

	if (text == NULL)
		return NULL;
	*result = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text),
													ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(*result),
										 IntervalPGetDatum(&zero))))
		return psprintf("\"%s\" is negative", name);
	return NULL;
}

void
cg_windowquery_check_label(const CgTableLabel *label)
{
	char	   *problem = settings_problem(label);

	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid contact_guard label: %s", problem)));
}

static const char *
column(Oid relid, AttrNumber attnum)
{
	return quote_identifier(get_attname(relid, attnum, false));
}

/* A column as timestamptz. */
static char *
moment(Oid relid, AttrNumber attnum, const char *timezone, bool closing)
{
	const char *name = column(relid, attnum);

	switch (getBaseType(get_atttype(relid, attnum)))
	{
		case TIMESTAMPTZOID:
			return psprintf("i.%s", name);
		case TIMESTAMPOID:
			return psprintf("(i.%s AT TIME ZONE %s)", name, quote_literal_cstr(timezone));
		default:
			return psprintf("((i.%s%s)::timestamp AT TIME ZONE %s)", name, closing ? " + 1" : "",
							quote_literal_cstr(timezone));
	}
}

/*
 * Does x <= y + interval mean x - interval <= y?  Not with months.  A day has 24 hours
 * in UTC, which the question is asked in.
 */
static bool
is_plain_interval(const char *text)
{
	int64		ignored;

	return usecs_of(text, 0, &ignored);
}

/* False for an interval with months, or one of 100,000 years. */
static bool
usecs_of(const char *text, int64 absent, int64 *usecs)
{
	Interval   *interval = NULL;
	int64		days;

	(void) interval_problem("", text, &interval);
	*usecs = absent;
	if (interval == NULL)
		return true;
	return interval->month == 0 &&
		!pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) &&
		!pg_add_s64_overflow(days, interval->time, usecs);
}

CgTerms
cg_windowquery_terms(const CgTableLabel *label)
{
	CgTerms		terms;

	terms.plain = usecs_of(label->early, 0, &terms.early);
	terms.plain &= usecs_of(label->late, 0, &terms.late);
	terms.plain &= usecs_of(label->longest, -1, &terms.longest);
	return terms;
}

/* Infinity stays what it is, and what is beyond all times becomes it. */
static TimestampTz
shift(TimestampTz time, int64 usecs)
{
	TimestampTz result;

	if (TIMESTAMP_NOT_FINITE(time))
		return time;
	if (pg_add_s64_overflow(time, usecs, &result) || !IS_VALID_TIMESTAMP(result))
		return usecs < 0 ? DT_NOBEGIN : DT_NOEND;
	return result;
}

void
cg_windowquery_bounds(const CgTerms *terms, CgAsk ask, TimestampTz now, CgBounds *bounds)
{
	bounds->opens_by = shift(shift(now, terms->early), ask == CG_ASK_OPEN ? LOOK_AHEAD_USECS : 0);
	bounds->closes_after = shift(now, -terms->late);
	if (ask == CG_ASK_PAST)
		bounds->opens_after = shift(shift(now, terms->early), -LOOK_BACK_USECS);
	else
		bounds->opens_after = terms->longest < 0 ? DT_NOBEGIN : shift(now, -terms->longest);
}

bool
cg_windowquery_window(const CgTerms *terms, TimestampTz *opens_at, TimestampTz *closes_at, bool closes)
{
	TimestampTz latest = shift(*opens_at, terms->longest);

	if (!closes && terms->longest < 0)
		return false;
	*closes_at = closes ? shift(*closes_at, terms->late) : latest;
	if (terms->longest >= 0)
		*closes_at = Min(*closes_at, latest);
	*opens_at = shift(*opens_at, -terms->early);
	return true;
}

/* SELECT … FROM … WHERE, and the conditions on technician and customer. */
static char *
select_text(Oid relid, const AttrNumber *parts, CgAsk ask, const char *from, const char *to)
{
	char	   *text = psprintf("SELECT i.%s::text, i.%s::text, %s, %s FROM %s i WHERE i.%s = $1",
								column(relid, parts[CG_PART_CUSTOMER]), column(relid, parts[CG_PART_ID]), from, to,
								quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
														   get_rel_name(relid)),
								column(relid, parts[CG_PART_TECHNICIAN]));

	return ask != CG_ASK_CUSTOMER ? text :
		psprintf("%s AND i.%s = $3", text, column(relid, parts[CG_PART_CUSTOMER]));
}

static char *
plain_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts, CgAsk ask)
{
	char	   *opens = moment(relid, parts[CG_PART_OPENS_AT], label->timezone, false);
	char	   *closes = moment(relid, parts[CG_PART_CLOSES_AT], label->timezone, true);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s AND %s <= $4", select_text(relid, parts, ask, opens, closes), opens);
	if (ask == CG_ASK_PAST || label->longest)
		appendStringInfo(&sql, " AND %s > $6", opens);
	if (ask != CG_ASK_PAST)
		appendStringInfo(&sql, label->longest ? " AND (%s > $5 OR %s IS NULL)" : " AND %s > $5", closes, closes);
	if (ask != CG_ASK_PAST && label->open_when)
		appendStringInfo(&sql, " AND (%s\n)", label->open_when);
	return sql.data;
}

char *
cg_windowquery_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts, CgAsk ask)
{
	char	   *opens = moment(relid, parts[CG_PART_OPENS_AT], label->timezone, false);
	char	   *closes = moment(relid, parts[CG_PART_CLOSES_AT], label->timezone, true);
	char	   *early = quote_literal_cstr(label->early ? label->early : "0");
	char	   *late = quote_literal_cstr(label->late ? label->late : "0");
	char	   *longest = label->longest ? quote_literal_cstr(label->longest) : NULL;
	char	   *from = psprintf("%s - interval %s", opens, early);
	char	   *to = psprintf("%s + interval %s", closes, late);
	StringInfoData sql;

	if (cg_windowquery_terms(label).plain)
		return plain_text(relid, label, parts, ask);
	/* LEAST ignores a null: "longest" ends a window without a closing time. */
	if (longest)
		to = psprintf("LEAST(%s, %s + interval %s)", to, opens, longest);

	initStringInfo(&sql);
	appendStringInfoString(&sql, select_text(relid, parts, ask, from, to));
	appendStringInfo(&sql, " AND (%s) <= $2%s", from,
					 ask == CG_ASK_OPEN ? " + interval " LOOK_AHEAD : "");
	if (ask == CG_ASK_PAST)
		appendStringInfo(&sql, " AND (%s) > $2 - interval " LOOK_BACK, from);
	else
	{
		appendStringInfo(&sql, " AND (%s) > $2", to);
		if (label->open_when)
			appendStringInfo(&sql, " AND (%s\n)", label->open_when);
	}
	if (getBaseType(get_atttype(relid, parts[CG_PART_OPENS_AT])) == TIMESTAMPTZOID)
	{
		if (is_plain_interval(label->early))
			appendStringInfo(&sql, " AND %s <= $2 + interval %s + interval " LOOK_AHEAD, opens, early);
		if (ask != CG_ASK_PAST && longest && is_plain_interval(label->longest))
			appendStringInfo(&sql, " AND %s > $2 - interval %s", opens, longest);
		else if (ask == CG_ASK_PAST)
			appendStringInfo(&sql, " AND %s > $2 - interval " LOOK_BACK, opens);
	}
	return sql.data;
}

char *
cg_windowquery_row_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts, bool by_id)
{
	char	   *from = moment(relid, parts[CG_PART_OPENS_AT], label->timezone, false);
	char	   *to = moment(relid, parts[CG_PART_CLOSES_AT], label->timezone, true);

	if (!cg_windowquery_terms(label).plain)
	{
		char	   *opens = from;

		from = psprintf("%s - interval %s", opens, quote_literal_cstr(label->early ? label->early : "0"));
		to = psprintf("%s + interval %s", to, quote_literal_cstr(label->late ? label->late : "0"));
		if (label->longest)
			to = psprintf("LEAST(%s, %s + interval %s)", to, opens, quote_literal_cstr(label->longest));
	}
	return psprintf("SELECT i.%s::text, i.%s::text, %s, %s, i.%s::text, (%s\n) FROM %s i%s",
					column(relid, parts[CG_PART_CUSTOMER]), column(relid, parts[CG_PART_ID]), from, to,
					column(relid, parts[CG_PART_TECHNICIAN]), label->open_when ? label->open_when : "true",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid)),
					by_id ? psprintf(" WHERE i.%s = $1", column(relid, parts[CG_PART_ID])) : "");
}
