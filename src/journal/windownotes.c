/*
 * windownotes.c
 *		What the current transaction has done to windows, until it ends.
 *
 * Notes are kept in a tuplestore, which goes to disk when it is larger than work_mem.  The
 * notes of a subtransaction that aborts stay there, and are passed over: they are the last
 * ones at that time, so their numbers tell them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "base/special.h"
#include "journal/windownotes.h"

/* A subtransaction that has made notes: the number of the first of them. */
typedef struct Level
{
	int			level;			/* transaction nesting, 2 or more */
	int64		first;
} Level;

/* Notes of a subtransaction that has aborted: those before "end". */
typedef struct Aborted
{
	int64		begin;
	int64		end;
} Aborted;

/* All of this is in TopTransactionContext. */
static Tuplestorestate *notes = NULL;
static TupleDesc notes_desc = NULL;
static int64 n_notes = 0;
static int64 n_read = 0;
static List *levels = NIL;		/* of Level, the innermost last */
static List *aborted = NIL;		/* of Aborted, in order; what has been passed is deleted */

static void windownotes_subxact(SubXactEvent event, SubTransactionId mySubid,
								SubTransactionId parentSubid, void *arg);
static void append_moved_text(StringInfo out, const char *text);
static void begin_notes(void);
static void note_level(void);
static void note_aborted(int64 first);
static bool is_aborted(int64 number);

void
cg_windownotes_init(void)
{
	RegisterSubXactCallback(windownotes_subxact, NULL);
}

bool
cg_windownotes_are_there(void)
{
	return notes != NULL;
}

static void
append_moved_text(StringInfo out, const char *text)
{
	int32		length = text ? strlen(text) : -1;

	appendBinaryStringInfo(out, (const char *) &length, sizeof(length));
	if (text)
		appendBinaryStringInfo(out, text, length + 1);
}

const char *
cg_windownotes_text(const CgMoved *moved, CgMovedText which)
{
	const char *at = moved->texts;

	for (int i = 0;; i++)
	{
		int32		length;

		memcpy(&length, at, sizeof(length));
		at += sizeof(length);
		if (i == which)
			return length < 0 ? NULL : at;
		at += length < 0 ? 0 : length + 1;
	}
}

static void
begin_notes(void)
{
	if (notes)
		return;
	notes_desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(notes_desc, 1, "moved", BYTEAOID, -1, 0);
	notes = tuplestore_begin_heap(false, false, work_mem);
	cg_special_note();
}

static void
note_level(void)
{
	int			level = GetCurrentTransactionNestLevel();
	Level	   *new;

	if (level == 1 || (levels != NIL && ((Level *) llast(levels))->level >= level))
		return;
	new = palloc(sizeof(Level));
	*new = (Level) {level, n_notes};
	levels = lappend(levels, new);
}

/* The file of a tuplestore must outlive the subtransaction. */
void
cg_windownotes_add(const CgMoved *head, const char *const *texts)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	ResourceOwner oldowner = CurrentResourceOwner;
	StringInfoData note;
	Size		length;
	Datum		value;
	bool		isnull = false;

	initStringInfo(&note);
	appendStringInfoSpaces(&note, VARHDRSZ);
	appendBinaryStringInfo(&note, (const char *) head, offsetof(CgMoved, texts));
	for (int i = 0; i < CG_MOVED_TEXTS; i++)
		append_moved_text(&note, texts[i]);
	length = note.len - VARHDRSZ - offsetof(CgMoved, texts);
	memcpy(note.data + VARHDRSZ + offsetof(CgMoved, length), &length, sizeof(length));
	SET_VARSIZE(note.data, note.len);
	value = PointerGetDatum(note.data);
	CurrentResourceOwner = TopTransactionResourceOwner;
	begin_notes();
	note_level();
	tuplestore_putvalues(notes, notes_desc, &value, &isnull);
	n_notes++;
	pfree(note.data);
	CurrentResourceOwner = oldowner;
	MemoryContextSwitchTo(oldcontext);
}

void
cg_windownotes_forget(bool free)
{
	if (free && notes)
		tuplestore_end(notes);
	notes = NULL;
	notes_desc = NULL;
	n_notes = n_read = 0;
	levels = aborted = NIL;
}

static void
note_aborted(int64 first)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	Aborted    *range = palloc(sizeof(Aborted));

	while (aborted != NIL && ((Aborted *) llast(aborted))->begin >= first)
		aborted = list_delete_last(aborted);
	*range = (Aborted) {first, n_notes};
	aborted = lappend(aborted, range);
	MemoryContextSwitchTo(oldcontext);
}

static void
windownotes_subxact(SubXactEvent event, SubTransactionId mySubid, SubTransactionId parentSubid, void *arg)
{
	int			nesting = GetCurrentTransactionNestLevel();
	Level	   *inner = levels == NIL ? NULL : llast(levels);
	Level	   *outer;

	if (inner == NULL || inner->level < nesting)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		note_aborted(inner->first);
	else if (event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	else
	{
		outer = list_length(levels) > 1 ? list_nth(levels, list_length(levels) - 2) : NULL;
		/* They are notes of the level above, which may have none yet. */
		if (nesting > 2 && (outer == NULL || outer->level < nesting - 1))
		{
			inner->level = nesting - 1;
			return;
		}
	}
	levels = list_delete_last(levels);
}

static bool
is_aborted(int64 number)
{
	while (aborted != NIL && ((Aborted *) linitial(aborted))->end <= number)
		aborted = list_delete_first(aborted);
	return aborted != NIL && ((Aborted *) linitial(aborted))->begin <= number;
}

CgMoved *
cg_windownotes_next(void)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(notes_desc, &TTSOpsMinimalTuple);
	CgMoved    *moved = NULL;

	while (moved == NULL && tuplestore_gettupleslot(notes, true, false, slot))
	{
		bool		isnull;
		bytea	   *data;

		if (is_aborted(n_read++))
			continue;
		data = DatumGetByteaPP(slot_getattr(slot, 1, &isnull));
		moved = palloc(VARSIZE_ANY_EXHDR(data));
		memcpy(moved, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	}
	ExecDropSingleTupleTableSlot(slot);
	return moved;
}
