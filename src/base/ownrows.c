/*
 * ownrows.c
 *		Writes rows of our tables that logical decoding does not see.
 *
 * PostgreSQL has a flag for an insertion that is not decoded, but none for an UPDATE.  So
 * a row is replaced: by a deletion, which logs no more than the table's replica identity
 * (nothing, for these tables), and by an insertion with that flag.  The executor is not
 * used.  So no triggers fire, and a published table needs no replica identity.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/itemptr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "compat.h"

typedef enum Purpose
{
	DELETE_ROWS,
	REPLACE_ROWS,
	COPY_ROWS
} Purpose;

/* What is done with the rows of a query */
typedef struct Rows
{
	Purpose		purpose;
	CgOwnWriter writer;
	Oid			into;			/* for COPY_ROWS; otherwise tableoid in each row */
	int64		count;
	MemoryContext row;			/* reset after each row */
} Rows;

static void insert_slot(CgOwnWriter *writer);
static void fill_with_nulls(TupleTableSlot *slot);
static int	find_attribute(CgOwnWriter *writer, const char *name);
static void take_column(CgOwnWriter *writer, HeapTuple row, TupleDesc tupdesc, int number);
static void remove_old(CgOwnWriter *writer, ItemPointer place);
static void take_row(HeapTuple row, TupleDesc tupdesc, void *arg);
static int64 take_rows(Purpose purpose, const char *sql, int nargs, Oid *types, Datum *values, Oid into);

void
cg_ownrows_open(CgOwnWriter *writer, Oid relid)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	writer->relid = relid;
	writer->rel = table_open(relid, RowExclusiveLock);
	writer->estate = CreateExecutorState();
	rte->rtekind = RTE_RELATION;
	rte->relid = relid;
	rte->relkind = writer->rel->rd_rel->relkind;
	rte->rellockmode = RowExclusiveLock;
	cg_compat_init_range_table(writer->estate, list_make1(rte));
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, writer->rel, 1, NULL, 0);
	ExecOpenIndices(writer->result, false);
	writer->slot = table_slot_create(writer->rel, NULL);
	writer->old = table_slot_create(writer->rel, NULL);
}

void
cg_ownrows_close(CgOwnWriter *writer)
{
	if (!OidIsValid(writer->relid))
		return;
	ExecDropSingleTupleTableSlot(writer->slot);
	ExecDropSingleTupleTableSlot(writer->old);
	ExecCloseIndices(writer->result);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
	writer->relid = InvalidOid;
}

void
cg_ownrows_index(CgOwnWriter *writer, TupleTableSlot *slot)
{
	ResetPerTupleExprContext(writer->estate);
	(void) cg_compat_insert_index_tuples(writer->result, slot, writer->estate);
}

static void
insert_slot(CgOwnWriter *writer)
{
	ExecStoreVirtualTuple(writer->slot);
	table_tuple_insert(writer->rel, writer->slot, GetCurrentCommandId(true), TABLE_INSERT_NO_LOGICAL, NULL);
	cg_ownrows_index(writer, writer->slot);
	ExecClearTuple(writer->slot);
}

static void
fill_with_nulls(TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
}

void
cg_ownrows_insert(CgOwnTable table, const Datum *values, const bool *nulls)
{
	CgOwnWriter writer = {0};
	int			place[CG_OWN_COLUMNS];
	int			count;

	cg_ownrows_open(&writer, cg_objects_relation(cg_owncolumns_table(table), false));
	count = cg_owncolumns_place(table, RelationGetDescr(writer.rel), place);
	fill_with_nulls(writer.slot);
	for (int i = 0; i < count; i++)
	{
		writer.slot->tts_values[place[i]] = values[i];
		writer.slot->tts_isnull[place[i]] = nulls[i];
	}
	insert_slot(&writer);
	cg_ownrows_close(&writer);
	CommandCounterIncrement();
}

static int
find_attribute(CgOwnWriter *writer, const char *name)
{
	TupleDesc	desc = RelationGetDescr(writer->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i;
	}
	elog(ERROR, "%s has no column \"%s\"", RelationGetRelationName(writer->rel), name);
	return -1;
}

/* Sets the column that has the name of a column of the query's row. */
static void
take_column(CgOwnWriter *writer, HeapTuple row, TupleDesc tupdesc, int number)
{
	Form_pg_attribute from = TupleDescAttr(tupdesc, number - 1);
	int			at = find_attribute(writer, NameStr(from->attname));

	if (from->atttypid != TupleDescAttr(RelationGetDescr(writer->rel), at)->atttypid)
		elog(ERROR, "column \"%s\" of %s is of another type", NameStr(from->attname), RelationGetRelationName(writer->rel));
	writer->slot->tts_values[at] = SPI_getbinval(row, tupdesc, number, &writer->slot->tts_isnull[at]);
}

/* Deletes a row, and leaves its values in the slot. */
static void
remove_old(CgOwnWriter *writer, ItemPointer place)
{
	int			natts = RelationGetDescr(writer->rel)->natts;

	if (!table_tuple_fetch_row_version(writer->rel, place, SnapshotAny, writer->old))
		elog(ERROR, "a row of %s is not there", RelationGetRelationName(writer->rel));
	slot_getallattrs(writer->old);
	ExecClearTuple(writer->slot);
	memcpy(writer->slot->tts_values, writer->old->tts_values, sizeof(Datum) * natts);
	memcpy(writer->slot->tts_isnull, writer->old->tts_isnull, sizeof(bool) * natts);
	simple_table_tuple_delete(writer->rel, place, GetActiveSnapshot());
}

static void
take_row(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Rows	   *rows = arg;
	CgOwnWriter *writer = &rows->writer;
	MemoryContext oldcontext;
	bool		isnull;
	int			number = 1;		/* the first column of the query that is copied */
	Oid			relid = rows->into;

	CHECK_FOR_INTERRUPTS();
	if (rows->purpose != COPY_ROWS)
	{
		relid = DatumGetObjectId(SPI_getbinval(row, tupdesc, 1, &isnull));
		number = 3;
	}
	if (writer->relid != relid)
	{
		cg_ownrows_close(writer);
		cg_ownrows_open(writer, relid);
	}
	oldcontext = MemoryContextSwitchTo(rows->row);
	if (rows->purpose == COPY_ROWS)
		fill_with_nulls(writer->slot);
	else
		remove_old(writer, (ItemPointer) DatumGetPointer(SPI_getbinval(row, tupdesc, 2, &isnull)));
	for (; number <= tupdesc->natts; number++)
		take_column(writer, row, tupdesc, number);
	if (rows->purpose != DELETE_ROWS)
		insert_slot(writer);
	ExecClearTuple(writer->old);
	rows->count++;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(rows->row);
}

static int64
take_rows(Purpose purpose, const char *sql, int nargs, Oid *types, Datum *values, Oid into)
{
	Rows		rows = {.purpose = purpose, .into = into};

	rows.row = AllocSetContextCreate(CurrentMemoryContext, "contact_guard row", ALLOCSET_SMALL_SIZES);
	cg_owncommand_query(sql, nargs, types, values, take_row, &rows);
	cg_ownrows_close(&rows.writer);
	MemoryContextDelete(rows.row);
	CommandCounterIncrement();
	return rows.count;
}

int64
cg_ownrows_delete(const char *sql, int nargs, Oid *types, Datum *values)
{
	return take_rows(DELETE_ROWS, sql, nargs, types, values, InvalidOid);
}

int64
cg_ownrows_replace(const char *sql, int nargs, Oid *types, Datum *values)
{
	return take_rows(REPLACE_ROWS, sql, nargs, types, values, InvalidOid);
}

int64
cg_ownrows_copy(Oid from, const char *condition, Oid into)
{
	Relation	rel = table_open(from, AccessShareLock);
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), i);

		if (!att->attisdropped)
			appendStringInfo(&sql, "%s%s", sql.len > 0 ? ", " : "SELECT ", quote_identifier(NameStr(att->attname)));
	}
	appendStringInfo(&sql, " FROM contact_guard.%s WHERE %s", quote_identifier(RelationGetRelationName(rel)), condition);
	table_close(rel, AccessShareLock);
	return take_rows(COPY_ROWS, sql.data, 0, NULL, NULL, into);
}
