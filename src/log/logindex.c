/*
 * logindex.c
 *		Index entries of many rows of the log, inserted index by index.
 *
 * If each row went into all indexes at once, each insertion would come to another page,
 * which is no longer in the processor's cache.  So the entries of a batch are collected,
 * and each index gets its own in a row.  Entries whose key is a text are sorted before:
 * neighbours in a leaf page then follow each other.  They are sorted by bytes, which
 * takes less time than the collation of the index, and is nearly as good: the index
 * itself finds the right place of each entry.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/itemptr.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "log/logindex.h"

#define KEYS_MAX 4
#define ENTRIES_FIRST 1024

typedef struct Entry
{
	ItemPointerData tid;
	bool		nulls[KEYS_MAX];
	Datum		values[KEYS_MAX];
} Entry;

typedef struct OneIndex
{
	Relation	rel;
	IndexInfo  *info;
	int			keys;
	bool		sorts;			/* is the first key a text? */
	Entry	   *entries;
	int			count;
	int			size;
} OneIndex;

struct CgLogIndexes
{
	CgOwnWriter *writer;
	MemoryContext context;
	int			count;
	OneIndex   *indexes;
};

static void add_entry(CgLogIndexes *indexes, OneIndex *index, TupleTableSlot *slot);
static Datum keep_value(const OneIndex *index, int key, Datum value);
static int	compare_entries(const void *left, const void *right);
static void insert_entries(CgLogIndexes *indexes, OneIndex *index);

CgLogIndexes *
cg_logindex_begin(CgOwnWriter *writer)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard index entries",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	CgLogIndexes *indexes = palloc(sizeof(CgLogIndexes));

	indexes->writer = writer;
	indexes->context = context;
	indexes->count = writer->result->ri_NumIndices;
	indexes->indexes = palloc0(sizeof(OneIndex) * (indexes->count + 1));
	for (int i = 0; i < indexes->count; i++)
	{
		OneIndex   *index = &indexes->indexes[i];

		index->rel = writer->result->ri_IndexRelationDescs[i];
		index->info = writer->result->ri_IndexRelationInfo[i];
		index->keys = index->info->ii_NumIndexAttrs;
		if (index->keys > KEYS_MAX)
			elog(ERROR, "index \"%s\" has more than %d columns", RelationGetRelationName(index->rel), KEYS_MAX);
		index->sorts = TupleDescAttr(RelationGetDescr(index->rel), 0)->attlen == -1;
		index->size = ENTRIES_FIRST;
		index->entries = palloc(sizeof(Entry) * index->size);
	}
	MemoryContextSwitchTo(oldcontext);
	return indexes;
}

void
cg_logindex_add(CgLogIndexes *indexes, TupleTableSlot *slot)
{
	EState	   *estate = indexes->writer->estate;

	ResetPerTupleExprContext(estate);
	GetPerTupleExprContext(estate)->ecxt_scantuple = slot;
	for (int i = 0; i < indexes->count; i++)
	{
		IndexInfo  *info = indexes->indexes[i].info;

		if (!info->ii_ReadyForInserts)
			continue;
		if (info->ii_Predicate != NIL)
		{
			if (info->ii_PredicateState == NULL)
				info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
			if (!ExecQual(info->ii_PredicateState, GetPerTupleExprContext(estate)))
				continue;
		}
		add_entry(indexes, &indexes->indexes[i], slot);
	}
}

static void
add_entry(CgLogIndexes *indexes, OneIndex *index, TupleTableSlot *slot)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	MemoryContext oldcontext;
	Entry	   *entry;

	FormIndexDatum(index->info, slot, indexes->writer->estate, values, nulls);
	oldcontext = MemoryContextSwitchTo(indexes->context);
	if (index->count == index->size)
	{
		index->size *= 2;
		index->entries = repalloc_huge(index->entries, sizeof(Entry) * index->size);
	}
	entry = &index->entries[index->count];
	entry->tid = slot->tts_tid;
	for (int i = 0; i < index->keys; i++)
	{
		entry->nulls[i] = nulls[i];
		entry->values[i] = nulls[i] ? (Datum) 0 : keep_value(index, i, values[i]);
	}
	index->count++;
	MemoryContextSwitchTo(oldcontext);
}

/* The slot's values end with its row; the one before often has the same text. */
static Datum
keep_value(const OneIndex *index, int key, Datum value)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(index->rel), key);

	if (att->attbyval)
		return value;
	if (att->attlen == -1 && index->count > 0 && !index->entries[index->count - 1].nulls[key])
	{
		struct varlena *now = (struct varlena *) DatumGetPointer(value);
		struct varlena *before = (struct varlena *) DatumGetPointer(index->entries[index->count - 1].values[key]);

		if (VARSIZE_ANY(now) == VARSIZE_ANY(before) && memcmp(now, before, VARSIZE_ANY(now)) == 0)
			return PointerGetDatum(before);
	}
	return datumCopy(value, false, att->attlen);
}

static int
compare_entries(const void *left, const void *right)
{
	const Entry *a = left;
	const Entry *b = right;
	struct varlena *x = (struct varlena *) DatumGetPointer(a->values[0]);
	struct varlena *y = (struct varlena *) DatumGetPointer(b->values[0]);
	int			result;

	if (a->nulls[0] || b->nulls[0])
		result = (int) a->nulls[0] - (int) b->nulls[0];
	else if (x == y)
		result = 0;
	else
	{
		int			length = Min(VARSIZE_ANY_EXHDR(x), VARSIZE_ANY_EXHDR(y));

		result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), length);
		if (result == 0)
			result = (int) VARSIZE_ANY_EXHDR(x) - (int) VARSIZE_ANY_EXHDR(y);
	}
	return result != 0 ? result : ItemPointerCompare((ItemPointer) &a->tid, (ItemPointer) &b->tid);
}

static void
insert_entries(CgLogIndexes *indexes, OneIndex *index)
{
	IndexUniqueCheck check = index->info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;

	if (index->sorts)
		qsort(index->entries, index->count, sizeof(Entry), compare_entries);
	for (int i = 0; i < index->count; i++)
	{
		Entry	   *entry = &index->entries[i];

		(void) index_insert(index->rel, entry->values, entry->nulls, &entry->tid, indexes->writer->rel, check, false,
							index->info);
	}
}

void
cg_logindex_end(CgLogIndexes *indexes)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(indexes->context);

	for (int i = 0; i < indexes->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		insert_entries(indexes, &indexes->indexes[i]);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(indexes->context);
}
