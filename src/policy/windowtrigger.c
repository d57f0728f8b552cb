/*
 * windowtrigger.c
 *		note_window(): the trigger that notes which windows a write has moved.
 *
 * It is an AFTER ROW trigger, because each road by which a row changes ends there: COPY, the
 * apply worker of a subscription, triggers that change the row before, rows that are routed
 * to a partition.  A hook for statements would miss them.
 *
 * A write that touches no column of the question for windows costs the comparison of these
 * columns.  Otherwise the window of the row is computed before and after.  An error on the
 * way is the policy's and not the CRM's: it becomes a record that the window could not be
 * computed, and the write goes on.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/names.h"
#include "base/objects.h"
#include "base/shared.h"
#include "compat.h"
#include "journal/windowrecord.h"
#include "policy/interventions.h"
#include "policy/question.h"
#include "policy/trial.h"
#include "policy/watched.h"
#include "policy/windowbeneath.h"
#include "policy/windowrow.h"
#include "policy/windowtrigger.h"

PG_FUNCTION_INFO_V1(cg_note_window);

/* What is kept for one relation of one statement. */
typedef struct Watch
{
	CgWindowBeneath *beneath;	/* relations that read the table; NULL: none */
	Oid			root;			/* the watched relation whose rows it has; InvalidOid: none */
	char	   *name;			/* of the root */
	TupleConversionMap *map;	/* from the table's columns to the root's; NULL: the same */
	TupleTableSlot *slot;		/* a row of the root, if there is a map */
	List	   *columns;		/* the table's own that decide; NIL: not known */
} Watch;

/* One row, before and after; the slots may be NULL. */
typedef struct RowChange
{
	Watch	   *watch;
	TupleTableSlot *was_slot;
	TupleTableSlot *is_slot;
	CgWindowState was;
	CgWindowState is;
	bool		known;			/* the windows have been computed */
} RowChange;

static CgInterventions *interventions_of(Oid root);
static void find_columns(void *argument);
static bool is_first(const TriggerDesc *triggers, const Trigger *trigger);
static Watch *begin_watch(Relation rel, MemoryContext context);
static void map_columns(Watch *watch, Relation rel);
static bool are_read(const List *columns, const Bitmapset *updated);
static void compute_side(const Watch *watch, CgInterventions *from, TupleTableSlot *slot,
						 CgWindowState *state);
static void compute_change(void *argument);
static void note_row(Watch *watch, const TriggerData *trigger);

static CgInterventions *
interventions_of(Oid root)
{
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->relid == root && from->watch)
			return from;
	}
	return NULL;
}

static void
find_columns(void *argument)
{
	Watch	   *watch = argument;
	CgInterventions *from = interventions_of(watch->root);

	if (from && !from->broken)
		watch->columns = list_copy(cg_windowrow_columns(cg_windowrow_get(from)));
}

/* The owner may make another trigger of the function, which must not note a change twice. */
static bool
is_first(const TriggerDesc *triggers, const Trigger *trigger)
{
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *other = &triggers->triggers[i];

		if (other->tgfoid == trigger->tgfoid && other->tgenabled == TRIGGER_FIRES_ALWAYS &&
			other->tgtype == (TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE) &&
			!other->tgdeferrable && other->tgnattr == 0 && other->tgqual == NULL)
			return other->tgoid == trigger->tgoid;
	}
	return true;
}

static Watch *
begin_watch(Relation rel, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Watch	   *watch = palloc0(sizeof(Watch));

	/* Without the library in the server nothing is recorded, and nothing shown. */
	if (cg_shared != NULL && !IsBinaryUpgrade && cg_objects_is_usable())
	{
		watch->beneath = cg_windowbeneath_begin(rel);
		watch->root = cg_watched_root(RelationGetRelid(rel));
	}
	if (OidIsValid(watch->root))
	{
		CgInterventions *from = interventions_of(watch->root);

		watch->name = cg_names_relation(watch->root);
		/* An error comes again with each row.  What is compiled already throws none. */
		if (from && from->row)
			find_columns(watch);
		else
			(void) cg_trial_run(find_columns, watch);
		if (watch->root != RelationGetRelid(rel))
			map_columns(watch, rel);
	}
	MemoryContextSwitchTo(oldcontext);
	return watch;
}

/* A partition may have its columns in another order. */
static void
map_columns(Watch *watch, Relation rel)
{
	Relation	root = RelationIdGetRelation(watch->root);
	TupleDesc	desc;
	ListCell   *lc;

	if (root == NULL)
		elog(ERROR, "could not open relation with OID %u", watch->root);
	desc = CreateTupleDescCopy(RelationGetDescr(root));
	RelationClose(root);
	watch->map = convert_tuples_by_name(CreateTupleDescCopy(RelationGetDescr(rel)), desc);
	if (watch->map == NULL)
		return;
	watch->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	foreach(lc, watch->columns)
		lfirst_int(lc) = watch->map->attrMap->attnums[lfirst_int(lc) - 1];
}

static bool
are_read(const List *columns, const Bitmapset *updated)
{
	ListCell   *lc;

	foreach(lc, columns)
		if (bms_is_member(lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber, updated))
			return true;
	return columns == NIL;
}

bool
cg_windowtrigger_can_move(Relation rel, const Bitmapset *columns)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard columns of windows",
												  ALLOCSET_SMALL_SIZES);
	Watch	   *watch = begin_watch(rel, context);
	bool		result = (OidIsValid(watch->root) && are_read(watch->columns, columns)) ||
		(watch->beneath && are_read(cg_windowbeneath_columns(watch->beneath), columns));

	MemoryContextDelete(context);
	return result;
}

static void
compute_side(const Watch *watch, CgInterventions *from, TupleTableSlot *slot, CgWindowState *state)
{
	if (slot == NULL)
		return;
	if (watch->map)
		slot = execute_attr_map_slot(watch->map->attrMap, slot, watch->slot);
	cg_windowrow_compute(cg_windowrow_get(from), from, slot, state);
}

static void
compute_change(void *argument)
{
	RowChange  *change = argument;
	CgInterventions *from = interventions_of(change->watch->root);

	/* It is not watched any more. */
	if (from == NULL)
		return;
	if (from->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s", from->broken)));
	compute_side(change->watch, from, change->was_slot, &change->was);
	compute_side(change->watch, from, change->is_slot, &change->is);
	change->known = true;
}

static void
note_row(Watch *watch, const TriggerData *trigger)
{
	RowChange	change = {.watch = watch};
	char	   *problem;

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		change.is_slot = trigger->tg_trigslot;
	else
		change.was_slot = trigger->tg_trigslot;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		change.is_slot = trigger->tg_newslot;
	if (watch->beneath)
		cg_windowbeneath_note(watch->beneath, change.was_slot, change.is_slot);
	if (!OidIsValid(watch->root) || cg_windowrow_is_untouched(watch->columns, change.was_slot, change.is_slot))
		return;
	problem = cg_trial_run(compute_change, &change);
	if (problem)
		cg_windowrecord_unknown(watch->name, psprintf("the window could not be computed: %s", problem));
	else if (change.known)
		cg_windowrecord_moved(watch->name, change.was_slot ? &change.was : NULL,
							  change.is_slot ? &change.is : NULL);
}

Datum
cg_note_window(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;
	Watch	   *watch = fcinfo->flinfo->fn_extra;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"note_window\" is for triggers of contact_guard.use_interventions()")));
	if (watch == NULL)
		fcinfo->flinfo->fn_extra = watch = begin_watch(trigger->tg_relation, fcinfo->flinfo->fn_mcxt);
	if (!OidIsValid(watch->root) && watch->beneath == NULL)
		PG_RETURN_POINTER(NULL);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		cg_watched_note(RelationGetRelid(trigger->tg_relation), CG_WATCHED_TRUNCATED);
	else if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
			 is_first(trigger->tg_relation->trigdesc, trigger->tg_trigger))
		note_row(watch, trigger);
	PG_RETURN_POINTER(NULL);
}
