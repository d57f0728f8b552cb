/*
 * owncolumns.c
 *		What the library expects of its own tables, and what they are.
 *
 * The tables are the extension's (objects.c has seen to that), but they need not
 * be of this library's version, and a superuser may have altered them while it
 * was not loaded.  A value of another type than expected crashes the server.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/objects.h"
#include "base/owncolumns.h"

#define COLUMNS_MAX 24

typedef struct Column
{
	const char *name;			/* NULL: the end */
	Oid			type;
} Column;

typedef struct Table
{
	const char *name;
	char		relkind;
	bool		no_more;		/* written or read as a whole row */
	Column		columns[COLUMNS_MAX];
} Table;

#define LOG_COLUMNS \
	{"seq", INT8OID}, {"read_at", TIMESTAMPTZOID}, {"event", TEXTOID}, {"actor", TEXTOID}, {"login", TEXTOID}, \
	{"relation", TEXTOID}, {"columns", TEXTARRAYOID}, {"customer", TEXTOID}, {"count", INT8OID}, \
	{"intervention", TEXTOID}, {"closed_at", TIMESTAMPTZOID}, {"purpose", TEXTOID}, {"reason", TEXTOID}, \
	{"client", TEXTOID}, {"application", TEXTOID}, {"session", TEXTOID}, {"statement", INT8OID}, \
	{"query_id", INT8OID}, {"customer_salt", BYTEAOID}, {"actor_salt", BYTEAOID}, \
	{"customer_commitment", BYTEAOID}, {"actor_commitment", BYTEAOID}

/* In the order of the enums in owncolumns.h, where there is one. */
static const Table tables[] = {
	{"journal_state", RELKIND_RELATION, false, {
		{"only_row", BOOLOID}, {"system_identifier", INT8OID}, {"database", OIDOID}, {"epoch", INT4OID},
		{"epoch_recorded", BOOLOID}, {"position", PG_LSNOID}, {"log_size", INT8OID},
		{"rejected", INT8OID}, {"gaps", INT8OID}, {"gaps_acknowledged", INT8OID}, {"origin", TEXTOID},
		{"origin_number", INT4OID}, {"verification_keys", TEXTOID}}},
	{"journal_key", RELKIND_RELATION, true, {{"epoch", INT4OID}, {"mac_key", BYTEAOID}}},
	{"permission", RELKIND_RELATION, false, {
		{"role", REGROLEOID}, {"relation", REGCLASSOID}, {"purpose", TEXTOID}, {"level", TEXTOID}}},
	{"log", RELKIND_PARTITIONED_TABLE, true, {LOG_COLUMNS}},
	{"restored_log", RELKIND_RELATION, true, {LOG_COLUMNS, {"origin", TEXTOID}}},
	{"query_text", RELKIND_RELATION, false, {{"query_id", INT8OID}, {"query", TEXTOID}, {"used_in", TIMESTAMPTZOID}}},
	{"journal_session", RELKIND_RELATION, false, {
		{"epoch", INT4OID}, {"session", TEXTOID}, {"counter", INT8OID}, {"position", PG_LSNOID}}},
	{"journal_passed", RELKIND_RELATION, true, {
		{"position", PG_LSNOID}, {"length", INT4OID}, {"sha256", BYTEAOID}, {"message", BYTEAOID},
		{"passed_at", TIMESTAMPTZOID}}},
	{"held", RELKIND_RELATION, true, {
		{"customer", TEXTOID}, {"reason", TEXTOID}, {"held_by", TEXTOID}, {"held_at", TIMESTAMPTZOID}}},
	{"intervention", RELKIND_RELATION, false, {
		{"id", INT8OID}, {"customer", TEXTOID}, {"technician", NAMEOID}, {"opens_at", TIMESTAMPTZOID},
		{"closes_at", TIMESTAMPTZOID}, {"closed_at", TIMESTAMPTZOID}}},
	{"tile_full", RELKIND_RELATION, false, {{"level", INT2OID}, {"n", INT8OID}, {"hashes", BYTEAOID}}},
	{"tile_edge", RELKIND_RELATION, false, {{"level", INT2OID}, {"hashes", BYTEAOID}}},
	{"signed_checkpoint", RELKIND_RELATION, false, {
		{"origin", TEXTOID}, {"size", INT8OID}, {"root", BYTEAOID}, {"note", TEXTOID},
		{"signed_at", TIMESTAMPTZOID}}},
};

static char *table_problem(const Table *table);
static char *column_problem(const Table *table, Oid relid, int number);

const char *
cg_owncolumns_problem(char **detail)
{
	for (int i = 0; i < lengthof(tables); i++)
	{
		*detail = table_problem(&tables[i]);
		if (*detail)
			return tables[i].name;
	}
	return NULL;
}

static char *
table_problem(const Table *table)
{
	Oid			relid = cg_objects_relation(table->name, true);
	char	   *problem = NULL;
	int			count = 0;

	if (!OidIsValid(relid))
		return "It does not exist, or is no member of the extension that its owner owns.";
	if (get_rel_relkind(relid) != table->relkind)
		return "It is a relation of another kind.";
	for (; count < COLUMNS_MAX && table->columns[count].name && problem == NULL; count++)
		problem = column_problem(table, relid, count);
	if (problem == NULL && table->no_more && cg_catalog_natts(relid) != count)
		problem = psprintf("It has %d columns, not %d.", cg_catalog_natts(relid), count);
	return problem;
}

static char *
column_problem(const Table *table, Oid relid, int number)
{
	const Column *column = &table->columns[number];
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(number + 1));
	Form_pg_attribute form;
	bool		good;

	if (!HeapTupleIsValid(tuple))
		return psprintf("It has no column \"%s\".", column->name);
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	good = !form->attisdropped && form->atttypid == column->type &&
		strcmp(NameStr(form->attname), column->name) == 0;
	ReleaseSysCache(tuple);
	return good ? NULL : psprintf("Its column %d is not \"%s\" of type %s.", number + 1, column->name,
								  format_type_be(column->type));
}
