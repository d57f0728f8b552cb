/*
 * builtins.c
 *		Side effects of PostgreSQL's own functions.
 *
 * The lists name the functions that are allowed.  A function that a new PostgreSQL adds
 * with one of the marks is refused, or slow, until a developer has looked at it:
 * test/census.d/functions has a note on each function with such a mark.
 */
#include "postgres.h"

#include "access/transam.h"
#include "utils/fmgroids.h"

#include "compat.h"
#include "policy/builtins.h"

/*
 * Functions with a mark that still keep their arguments to themselves.  pg_sleep() is not
 * one of them: others can see how long a statement takes before its record is written.
 */
static const Oid keeps[] = {
	F_RANDOM_, F_CLOCK_TIMESTAMP, F_TIMEOFDAY, F_GEN_RANDOM_UUID,
	F_AGE_XID, F_CURRENT_SCHEMAS,
	F_RANDOM_INT4_INT4, F_RANDOM_INT8_INT8, F_RANDOM_NUMERIC_NUMERIC, F_RANDOM_NORMAL,
	F_ARRAY_SAMPLE, F_ARRAY_SHUFFLE, F_UUIDV4, F_UUIDV7_, F_UUIDV7_INTERVAL
};

/* Functions that are VOLATILE, but write nothing that another statement could miss. */
static const Oid writes_nothing[] = {
	F_RANDOM_, F_CLOCK_TIMESTAMP, F_TIMEOFDAY, F_GEN_RANDOM_UUID, F_PG_SLEEP, F_PG_SLEEP_FOR,
	F_PG_SLEEP_UNTIL, F_NEXTVAL, F_CURRVAL, F_LASTVAL, F_SET_CONFIG,
	F_PG_ADVISORY_LOCK_INT8, F_PG_ADVISORY_LOCK_INT4_INT4, F_PG_TRY_ADVISORY_LOCK_INT8,
	F_PG_TRY_ADVISORY_LOCK_INT4_INT4, F_PG_ADVISORY_UNLOCK_INT8, F_PG_ADVISORY_UNLOCK_INT4_INT4,
	F_PG_ADVISORY_XACT_LOCK_INT8, F_PG_ADVISORY_XACT_LOCK_INT4_INT4,
	F_PG_TRY_ADVISORY_XACT_LOCK_INT8, F_PG_TRY_ADVISORY_XACT_LOCK_INT4_INT4,
	F_LO_GET_OID, F_LO_GET_OID_INT8_INT4, F_TS_STAT_TEXT, F_TS_STAT_TEXT_TEXT,
	F_RANDOM_INT4_INT4, F_RANDOM_INT8_INT8, F_RANDOM_NUMERIC_NUMERIC, F_RANDOM_NORMAL,
	F_ARRAY_SAMPLE, F_ARRAY_SHUFFLE, F_UUIDV4, F_UUIDV7_, F_UUIDV7_INTERVAL
};

/*
 * Triggers, and functions in definitions that PostgreSQL makes.  The triggers for tsvector
 * are not here: they write the words of one column into another.
 */
static const Oid definitions[] = {
	F_SATISFIES_HASH_PARTITION, F_SUPPRESS_REDUNDANT_UPDATES_TRIGGER, F_UNIQUE_KEY_RECHECK,
	F_RI_FKEY_CHECK_INS, F_RI_FKEY_CHECK_UPD, F_RI_FKEY_CASCADE_DEL, F_RI_FKEY_CASCADE_UPD,
	F_RI_FKEY_RESTRICT_DEL, F_RI_FKEY_RESTRICT_UPD, F_RI_FKEY_SETNULL_DEL, F_RI_FKEY_SETNULL_UPD,
	F_RI_FKEY_SETDEFAULT_DEL, F_RI_FKEY_SETDEFAULT_UPD, F_RI_FKEY_NOACTION_DEL, F_RI_FKEY_NOACTION_UPD
};

static bool is_among(Oid function, const Oid *list, int n);

static bool
is_among(Oid function, const Oid *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i] == function)
			return true;
	return false;
}

/*
 * table_to_xml() and similar functions are not volatile, but run queries: the code of a
 * view or a policy gets their arguments.  A function without arguments has no value to
 * hand on.
 */
bool
cg_builtins_keeps(Form_pg_proc form)
{
	if (form->provolatile != PROVOLATILE_VOLATILE &&
		(form->proparallel == PROPARALLEL_SAFE || form->pronargs == 0))
		return true;
	return is_among(form->oid, keeps, lengthof(keeps));
}

bool
cg_builtins_may_have_row(Form_pg_proc form)
{
	return cg_builtins_keeps(form) || is_among(form->oid, definitions, lengthof(definitions));
}

bool
cg_builtins_writes(Form_pg_proc form)
{
	return form->provolatile == PROVOLATILE_VOLATILE &&
		!is_among(form->oid, writes_nothing, lengthof(writes_nothing));
}
