/*
 * owncolumns.c
 *		The columns that the library expects in its own tables.
 *
 * objects.c makes sure that the tables are the extension's.  But they may have another
 * version than this library, and a superuser may have altered them while the library was
 * not loaded.  A value of an unexpected type would crash the server.
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

typedef struct Column
{
	const char *name;			/* NULL: the end */
	Oid			type;
} Column;

typedef struct Table
{
	const char *name;
	char		relkind;
	bool		past_executor;	/* rows are written without defaults and constraints */
	Column		columns[CG_OWN_COLUMNS];
} Table;

#define LOG_COLUMNS \
	{"seq", INT8OID}, {"read_at", TIMESTAMPTZOID}, {"event", TEXTOID}, {"actor", TEXTOID}, {"login", TEXTOID}, \
	{"relation", TEXTOID}, {"columns", TEXTARRAYOID}, {"customer", TEXTOID}, {"count", INT8OID}, \
	{"intervention", TEXTOID}, {"closed_at", TIMESTAMPTZOID}, {"purpose", TEXTOID}, {"reason", TEXTOID}, \
	{"client", TEXTOID}, {"application", TEXTOID}, {"session", TEXTOID}, {"statement", INT8OID}, \
	{"query_id", INT8OID}, {"customer_salt", BYTEAOID}, {"actor_salt", BYTEAOID}, \
	{"customer_commitment", BYTEAOID}, {"actor_commitment", BYTEAOID}, {"leaf_version", INT2OID}, \
	{"identity", TEXTOID}, {"technician", TEXTOID}, {"opens_at", TIMESTAMPTZOID}, {"closes_at", TIMESTAMPTZOID}, \
	{"previous_opens_at", TIMESTAMPTZOID}, {"previous_closes_at", TIMESTAMPTZOID}, \
	{"execution_salt", BYTEAOID}

/* The order of columns is that of the enum in owncolumns.h, if the table has an enum. */
static const Table tables[CG_OWN_TABLES] = {
	[CG_OWN_JOURNAL_STATE] = {"journal_state", RELKIND_RELATION, false, {
		{"only_row", BOOLOID}, {"system_identifier", INT8OID}, {"database", OIDOID}, {"epoch", INT4OID},
		{"epoch_recorded", BOOLOID}, {"position", PG_LSNOID}, {"log_size", INT8OID},
		{"rejected", INT8OID}, {"gaps", INT8OID}, {"gaps_acknowledged", INT8OID}, {"origin", TEXTOID},
		{"origin_number", INT4OID}, {"origin_mark", TEXTOID}, {"verification_keys", TEXTOID}}},
	[CG_OWN_JOURNAL_KEY] = {"journal_key", RELKIND_RELATION, true, {{"number", INT4OID}, {"epoch", INT4OID}, {"run", INT8OID}, {"mac_key", BYTEAOID}, {"begins_at", PG_LSNOID}, {"ends_at", PG_LSNOID}}},
	[CG_OWN_PERMISSION] = {"permission", RELKIND_RELATION, false, {
		{"role", REGROLEOID}, {"relation", REGCLASSOID}, {"purpose", TEXTOID}, {"level", TEXTOID}}},
	[CG_OWN_LOG] = {"log", RELKIND_PARTITIONED_TABLE, true, {LOG_COLUMNS, {"common", INT4OID}}},
	[CG_OWN_RESTORED_LOG] = {"restored_log", RELKIND_RELATION, true, {LOG_COLUMNS, {"origin", TEXTOID}}},
	[CG_OWN_LOG_COMMON] = {"log_common", RELKIND_RELATION, true, {
		{"number", INT4OID}, {"month", TIMESTAMPTZOID}, {"relation", TEXTOID}, {"columns", TEXTARRAYOID}, {"count", INT8OID},
		{"purpose", TEXTOID}, {"reason", TEXTOID}, {"login_is_actor", BOOLOID}, {"identity", TEXTOID}}},
	[CG_OWN_QUERY_TEXT] = {"query_text", RELKIND_RELATION, false, {{"query_id", INT8OID}, {"query", TEXTOID}, {"used_in", TIMESTAMPTZOID}}},
	[CG_OWN_JOURNAL_SESSION] = {"journal_session", RELKIND_RELATION, false, {
		{"epoch", INT4OID}, {"session", TEXTOID}, {"counter", INT8OID}, {"position", PG_LSNOID}}},
	[CG_OWN_JOURNAL_PASSED] = {"journal_passed", RELKIND_RELATION, true, {
		{"position", PG_LSNOID}, {"length", INT4OID}, {"sha256", BYTEAOID}, {"message", BYTEAOID},
		{"passed_at", TIMESTAMPTZOID}}},
	[CG_OWN_HELD] = {"held", RELKIND_RELATION, true, {
		{"customer", TEXTOID}, {"reason", TEXTOID}, {"held_by", TEXTOID}, {"held_at", TIMESTAMPTZOID}}},
	[CG_OWN_CATEGORY] = {"category", RELKIND_RELATION, false, {{"role", REGROLEOID}, {"label", TEXTOID}}},
	[CG_OWN_REVOKED_IDENTITY] = {"revoked_identity", RELKIND_RELATION, false, {
		{"subject", TEXTOID}, {"not_before", TIMESTAMPTZOID}, {"reason", TEXTOID}}},
	[CG_OWN_REPORT] = {"report", RELKIND_RELATION, true, {
		{"reference", TEXTOID}, {"customer", TEXTOID}, {"key", BYTEAOID}, {"made_in", XID8OID}, {"made_at", TIMESTAMPTZOID}}},
	[CG_OWN_DISCLOSURE] = {"disclosure", RELKIND_RELATION, true, {
		{"reference", TEXTOID}, {"customer", TEXTOID}, {"readers", TEXTARRAYOID}, {"decision", TEXTOID}, {"salt", BYTEAOID}, {"made_at", TIMESTAMPTZOID}}},
	[CG_OWN_INTERVENTION] = {"intervention", RELKIND_RELATION, false, {
		{"id", INT8OID}, {"customer", TEXTOID}, {"technician", NAMEOID}, {"opens_at", TIMESTAMPTZOID},
		{"closes_at", TIMESTAMPTZOID}, {"closed_at", TIMESTAMPTZOID}}},
	[CG_OWN_TILE_FULL] = {"tile_full", RELKIND_RELATION, false, {{"level", INT2OID}, {"n", INT8OID}, {"hashes", BYTEAOID}}},
	[CG_OWN_TILE_EDGE] = {"tile_edge", RELKIND_RELATION, false, {{"level", INT2OID}, {"hashes", BYTEAOID}}},
	[CG_OWN_SIGNED_CHECKPOINT] = {"signed_checkpoint", RELKIND_RELATION, false, {
		{"origin", TEXTOID}, {"size", INT8OID}, {"root", BYTEAOID}, {"note", TEXTOID},
		{"signed_at", TIMESTAMPTZOID}}},
	[CG_OWN_CONTACT_TOKEN] = {"contact_token", RELKIND_RELATION, true, {
		{"token", BYTEAOID}, {"actor", TEXTOID}, {"relation", OIDOID}, {"attnum", INT2OID}, {"customer", TEXTOID},
		{"interventions", OIDOID}, {"intervention", TEXTOID}, {"channel", TEXTOID}, {"closes_at", TIMESTAMPTZOID},
		{"asserted", BOOLOID}, {"subject", INT8OID}, {"issued", INT8OID}, {"made_at", TIMESTAMPTZOID}}},
	[CG_OWN_CONTACT_CALL] = {"contact_call", RELKIND_RELATION, true, {
		{"call", BYTEAOID}, {"ask", BYTEAOID}, {"token", BYTEAOID}, {"gateway", OIDOID}, {"code", INT4OID},
		{"asked_at", TIMESTAMPTZOID}, {"closes_at", TIMESTAMPTZOID}, {"answered_at", TIMESTAMPTZOID},
		{"ended_at", TIMESTAMPTZOID}, {"handle", TEXTOID}, {"dial", BYTEAOID}, {"channel", TEXTOID}, {"direction", TEXTOID}}},
	[CG_OWN_RELAY_NUMBER] = {"relay_number", RELKIND_RELATION, false, {{"number", TEXTOID}}},
	[CG_OWN_RELAY_TELEPHONE] = {"relay_telephone", RELKIND_RELATION, false, {{"technician", TEXTOID}, {"number", TEXTOID}}},
	[CG_OWN_RELAY_PARTY] = {"relay_party", RELKIND_RELATION, true, {
		{"number", TEXTOID}, {"party", BYTEAOID}, {"slot", INT8OID}, {"token", BYTEAOID}, {"called", BOOLOID},
		{"made_at", TIMESTAMPTZOID}, {"until_at", TIMESTAMPTZOID}}},
};

static char *table_problem(const Table *table);
static const Column *find_column(const Table *table, const char *name);
static char *column_problem(const Table *table, Form_pg_attribute att);
static char *missing_problem(const Table *table, Oid relid);

const char *
cg_owncolumns_table(CgOwnTable table)
{
	return tables[table].name;
}

int
cg_owncolumns_place(CgOwnTable table, TupleDesc desc, int *place)
{
	const Column *columns = tables[table].columns;
	int			count = 0;

	for (; count < CG_OWN_COLUMNS && columns[count].name; count++)
	{
		place[count] = -1;
		for (int i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, i);

			if (!att->attisdropped && att->atttypid == columns[count].type &&
				strcmp(NameStr(att->attname), columns[count].name) == 0)
				place[count] = i;
		}
		if (place[count] < 0)
			elog(ERROR, "contact_guard.%s has no column \"%s\" of type %s", tables[table].name,
				 columns[count].name, format_type_be(columns[count].type));
	}
	return count;
}

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
	int			natts = cg_catalog_natts(relid);
	char	   *problem = NULL;

	if (!OidIsValid(relid))
		return "It does not exist, or is not a member of the extension that its owner owns.";
	if (get_rel_relkind(relid) != table->relkind)
		return "It is a relation of another kind.";
	for (AttrNumber attnum = 1; attnum <= natts && problem == NULL; attnum++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));

		if (!HeapTupleIsValid(tuple))
			continue;
		problem = column_problem(table, (Form_pg_attribute) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
	return problem ? problem : missing_problem(table, relid);
}

static const Column *
find_column(const Table *table, const char *name)
{
	for (int i = 0; i < CG_OWN_COLUMNS && table->columns[i].name; i++)
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	return NULL;
}

/* A column of a later version is no problem if rows can be written without it. */
static char *
column_problem(const Table *table, Form_pg_attribute att)
{
	const Column *column;

	if (att->attisdropped)
		return NULL;
	column = find_column(table, NameStr(att->attname));
	if (column == NULL)
		return table->past_executor && att->attnotnull ?
			psprintf("It has a column \"%s\" that must not be null, and that this library does not know.", NameStr(att->attname)) : NULL;
	return att->atttypid == column->type ? NULL :
		psprintf("Its column \"%s\" is not of type %s.", column->name, format_type_be(column->type));
}

static char *
missing_problem(const Table *table, Oid relid)
{
	for (int i = 0; i < CG_OWN_COLUMNS && table->columns[i].name; i++)
		if (get_attnum(relid, table->columns[i].name) == InvalidAttrNumber)
			return psprintf("It has no column \"%s\".", table->columns[i].name);
	return NULL;
}
