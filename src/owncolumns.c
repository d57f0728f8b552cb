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

#include "objects.h"
#include "owncolumns.h"

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
		{"epoch_recorded", BOOLOID}, {"mac_key", BYTEAOID}, {"position", PG_LSNOID}, {"log_size", INT8OID},
		{"rejected", INT8OID}, {"gaps", INT8OID}, {"gaps_acknowledged", INT8OID}, {"origin", TEXTOID},
		{"origin_number", INT4OID}, {"verification_keys", TEXTOID}}},
	{"permission", RELKIND_RELATION, false, {
		{"role", REGROLEOID}, {"relation", REGCLASSOID}, {"purpose", TEXTOID}, {"level", TEXTOID}}},
	{"log", RELKIND_PARTITIONED_TABLE, true, {LOG_COLUMNS}},
	{"restored_log", RELKIND_RELATION, true, {LOG_COLUMNS, {"origin", TEXTOID}}},
	{"query_text", RELKIND_RELATION, false, {{"query_id", INT8OID}, {"query", TEXTOID}}},
	{"journal_session", RELKIND_RELATION, false, {
		{"epoch", INT4OID}, {"session", TEXTOID}, {"counter", INT8OID}}},
	{"held", RELKIND_RELATION, false, {
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

static void check_table(const Table *table);
static void check_column(const Table *table, Oid relid, int number);
static void refuse(const char *table, const char *detail) pg_attribute_noreturn();

void
cg_owncolumns_check(void)
{
	for (int i = 0; i < lengthof(tables); i++)
		check_table(&tables[i]);
}

static void
refuse(const char *table, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s.%s\" is not the one that this version of contact_guard uses", CG_SCHEMA, table),
			 errdetail_internal("%s", detail),
			 errhint("ALTER EXTENSION contact_guard UPDATE brings the objects of an older version up to date.")));
}

static void
check_table(const Table *table)
{
	Oid			relid = cg_objects_relation(table->name, false);
	int			count = 0;

	if (get_rel_relkind(relid) != table->relkind)
		refuse(table->name, "It is a relation of another kind.");
	while (count < COLUMNS_MAX && table->columns[count].name)
		check_column(table, relid, count++);
	if (table->no_more && cg_objects_natts(relid) != count)
		refuse(table->name, psprintf("It has %d columns, not %d.", cg_objects_natts(relid), count));
}

static void
check_column(const Table *table, Oid relid, int number)
{
	const Column *column = &table->columns[number];
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(number + 1));
	Form_pg_attribute form;

	if (!HeapTupleIsValid(tuple))
		refuse(table->name, psprintf("It has no column \"%s\".", column->name));
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	if (form->attisdropped || form->atttypid != column->type ||
		strcmp(NameStr(form->attname), column->name) != 0)
		refuse(table->name, psprintf("Its column %d is not \"%s\" of type %s.", number + 1, column->name,
									 format_type_be(column->type)));
	ReleaseSysCache(tuple);
}
