/*
 * ownrows.c
 *		Rows of our tables, written past logical decoding.
 *
 * PostgreSQL has a flag for an insertion that is not to be decoded, and none for an
 * UPDATE: so a row is replaced, by a deletion that logs no more than its table's
 * replica identity (for those here: nothing) and an insertion with that flag.  That
 * goes past the executor, and so past its triggers and its wish that a published
 * table have a replica identity.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/itemptr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/objects.h"
#include "base/ownrows.h"
#include "base/owntables.h"

/* What a query's rows are for. */
typedef struct Rows
{
	CgOwnWriter writer;
	Oid			into;			/* or InvalidOid: where each row says */
	int64		count;
	MemoryContext row;			/* for one of them */
} Rows;

static void insert_slot(CgOwnWriter *writer);
static void take_row(HeapTuple row, TupleDesc tupdesc, void *arg);
static int64 take_rows(const char *sql, int nargs, Oid *types, Datum *values, Oid into);

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
	ExecInitRangeTable(writer->estate, list_make1(rte));
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, writer->rel, 1, NULL, 0);
	ExecOpenIndices(writer->result, false);
	writer->slot = table_slot_create(writer->rel, NULL);
}

void
cg_ownrows_close(CgOwnWriter *writer)
{
	if (!OidIsValid(writer->relid))
		return;
	ExecDropSingleTupleTableSlot(writer->slot);
	ExecCloseIndices(writer->result);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
	writer->relid = InvalidOid;
}

void
cg_ownrows_index(CgOwnWriter *writer, TupleTableSlot *slot)
{
	ResetPerTupleExprContext(writer->estate);
	(void) ExecInsertIndexTuples(writer->result, slot, writer->estate, false, false, NULL, NIL);
}

static void
insert_slot(CgOwnWriter *writer)
{
	ExecStoreVirtualTuple(writer->slot);
	table_tuple_insert(writer->rel, writer->slot, GetCurrentCommandId(true), TABLE_INSERT_NO_LOGICAL, NULL);
	cg_ownrows_index(writer, writer->slot);
	ExecClearTuple(writer->slot);
}

void
cg_ownrows_insert(const char *table, Datum *values, bool *nulls)
{
	CgOwnWriter writer = {0};
	int			natts;

	cg_ownrows_open(&writer, cg_objects_relation(table, false));
	natts = writer.slot->tts_tupleDescriptor->natts;
	ExecClearTuple(writer.slot);
	memcpy(writer.slot->tts_values, values, sizeof(Datum) * natts);
	memcpy(writer.slot->tts_isnull, nulls, sizeof(bool) * natts);
	insert_slot(&writer);
	cg_ownrows_close(&writer);
	CommandCounterIncrement();
}

static void
take_row(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Rows	   *rows = arg;
	MemoryContext oldcontext;
	int			skip = OidIsValid(rows->into) ? 0 : 2;
	bool		isnull;
	Oid			relid = rows->into;

	CHECK_FOR_INTERRUPTS();
	if (skip > 0)
		relid = DatumGetObjectId(SPI_getbinval(row, tupdesc, 1, &isnull));
	if (rows->writer.relid != relid)
	{
		cg_ownrows_close(&rows->writer);
		cg_ownrows_open(&rows->writer, relid);
	}
	oldcontext = MemoryContextSwitchTo(rows->row);
	if (skip > 0)
		simple_table_tuple_delete(rows->writer.rel, (ItemPointer) DatumGetPointer(SPI_getbinval(row, tupdesc, 2, &isnull)),
								  GetActiveSnapshot());
	if (tupdesc->natts > skip)
	{
		TupleTableSlot *slot = rows->writer.slot;

		if (slot->tts_tupleDescriptor->natts != tupdesc->natts - skip)
			elog(ERROR, "a row of %s has %d columns, not %d", RelationGetRelationName(rows->writer.rel),
				 slot->tts_tupleDescriptor->natts, tupdesc->natts - skip);
		ExecClearTuple(slot);
		for (int i = skip; i < tupdesc->natts; i++)
			slot->tts_values[i - skip] = SPI_getbinval(row, tupdesc, i + 1, &slot->tts_isnull[i - skip]);
		insert_slot(&rows->writer);
	}
	rows->count++;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(rows->row);
}

static int64
take_rows(const char *sql, int nargs, Oid *types, Datum *values, Oid into)
{
	Rows		rows = {.into = into};

	rows.row = AllocSetContextCreate(CurrentMemoryContext, "contact_guard row", ALLOCSET_SMALL_SIZES);
	cg_owntables_query(sql, nargs, types, values, take_row, &rows);
	cg_ownrows_close(&rows.writer);
	MemoryContextDelete(rows.row);
	CommandCounterIncrement();
	return rows.count;
}

int64
cg_ownrows_replace(const char *sql, int nargs, Oid *types, Datum *values)
{
	return take_rows(sql, nargs, types, values, InvalidOid);
}

int64
cg_ownrows_copy(const char *sql, Oid into)
{
	return take_rows(sql, 0, NULL, NULL, into);
}
