/*
 * interventions.c
 *		Which relations hold interventions, and the questions prepared for them.
 *
 * The list is read from the labels and kept per session.  Any relcache
 * invalidation makes it stale, since a relation that has just been named is not
 * in it yet; the labels are then read again, and a relation whose definition is
 * still the same keeps its plans, which revalidate themselves.
 *
 * A broken definition opens no window and hurts nobody else: its error is
 * caught in a subtransaction and kept for status().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ask.h"
#include "inval.h"
#include "interventions.h"
#include "objects.h"
#include "policy.h"
#include "windowquery.h"

/* One relation of the list, with what its plans were made from. */
typedef struct Entry
{
	CgInterventions public;		/* first: the list is handed out as such */
	MemoryContext context;
	char	   *definition;		/* the questions' texts */
} Entry;

static List *entries = NIL;		/* of Entry, in TopMemoryContext */
static bool stale = true;
static uint64 invalidations = 0;	/* heard of so far */
static bool relation_changed = false;

static void interventions_inval(Oid relid);
static void refresh(void);
static Entry *build(Oid relid, const CgTableLabel *label);
static void prepare(Entry *entry);
static void release(Entry *entry);

void
cg_interventions_init(void)
{
	cg_inval_on_relation(interventions_inval);
}

static void
interventions_inval(Oid relid)
{
	ListCell   *lc;

	stale = true;
	invalidations++;
	foreach(lc, entries)
		if (!OidIsValid(relid) || ((Entry *) lfirst(lc))->public.relid == relid)
			relation_changed = true;
}

List *
cg_interventions_list(void)
{
	/*
	 * Not while a question is asked, or prepared: planning it may bring us here
	 * again, and whoever asks goes through the list.
	 */
	if (stale && !IsInParallelMode() && !cg_interventions_asking())
		refresh();
	return entries;
}

static void
refresh(void)
{
	List	   *old = entries;
	List	   *fresh = NIL;
	bool		keep = !relation_changed;
	uint64		before = invalidations;
	ListCell   *lc;

	/* An error half-way leaves an empty list, which opens no window. */
	relation_changed = false;
	entries = NIL;
	foreach(lc, cg_labels_relations())
	{
		Oid			relid = lfirst_oid(lc);
		CgTableLabel label;
		Entry	   *entry;
		ListCell   *lc2;
		MemoryContext oldcontext;

		cg_labels_parse_table(cg_labels_get(relid, 0), &label);
		if (!label.interventions)
			continue;
		entry = build(relid, &label);
		foreach(lc2, old)
		{
			Entry	   *known = lfirst(lc2);

			if (keep && known->public.relid == relid && !known->public.broken &&
				known->public.owner == entry->public.owner &&
				known->definition && entry->definition &&
				strcmp(known->definition, entry->definition) == 0)
			{
				release(entry);
				entry = known;
				old = foreach_delete_current(old, lc2);
				break;
			}
		}
		if (!entry->public.broken && entry->public.plans[0] == NULL)
			prepare(entry);
		oldcontext = MemoryContextSwitchTo(TopMemoryContext);
		fresh = lappend(fresh, entry);
		MemoryContextSwitchTo(oldcontext);
	}
	foreach(lc, old)
		release(lfirst(lc));
	list_free(old);
	entries = fresh;
	stale = (invalidations != before);
}

static void
release(Entry *entry)
{
	for (int i = 0; i < CG_NASKS; i++)
		if (entry->public.plans[i])
			SPI_freeplan(entry->public.plans[i]);
	MemoryContextDelete(entry->context);
}

void
cg_interventions_parts(Oid relid, AttrNumber *parts)
{
	int			natts = cg_objects_natts(relid);

	for (int part = 0; part < CG_NPARTS; part++)
		parts[part] = InvalidAttrNumber;
	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		CgColumnLabel label;

		cg_labels_parse_column(cg_labels_get(relid, attnum), &label);
		if (label.part >= 0)
			parts[label.part] = attnum;
	}
}

static void
set_part(Oid relid, AttrNumber attnum, int part)
{
	CgColumnLabel label;

	cg_labels_parse_column(cg_labels_get(relid, attnum), &label);
	label.part = part;
	cg_labels_set_column(relid, attnum, &label);
}

void
cg_interventions_set_parts(Oid relid, const AttrNumber *parts)
{
	AttrNumber	old[CG_NPARTS];

	cg_interventions_parts(relid, old);
	for (int part = 0; part < CG_NPARTS; part++)
		if (old[part] != InvalidAttrNumber)
			set_part(relid, old[part], -1);
	for (int part = 0; parts && part < CG_NPARTS; part++)
		set_part(relid, parts[part], part);
}

static Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* The entry without plans; broken where the labels alone show it. */
static Entry *
build(Oid relid, const CgTableLabel *label)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "contact_guard interventions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Entry	   *entry = palloc0(sizeof(Entry));
	AttrNumber	parts[CG_NPARTS];

	entry->context = context;
	entry->public.relid = relid;
	entry->public.owner = relation_owner(relid);
	cg_interventions_parts(relid, parts);
	entry->public.broken = cg_windowquery_problem(relid, label, parts);
	if (!entry->public.broken)
	{
		entry->public.customer_type = cg_windowquery_key_type(relid, parts[CG_PART_CUSTOMER]);
		entry->definition = cg_windowquery_text(relid, label, parts, CG_ASK_OPEN);
	}
	MemoryContextSwitchTo(oldcontext);
	return entry;
}

/* Throws what PostgreSQL has to say about the questions. */
static void
prepare_plans(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts)
{
	CgAskState	state = cg_ask_enter(target->owner);

	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		for (int ask = 0; ask < CG_NASKS; ask++)
		{
			Oid			types[3] = {TEXTOID, TIMESTAMPTZOID, target->customer_type};
			SPIPlanPtr	plan = SPI_prepare(cg_windowquery_text(target->relid, label, parts, ask),
										   3, types);
			const char *harm;

			if (plan == NULL)
				elog(ERROR, "could not prepare the question for windows");
			harm = cg_ask_harm(plan);
			if (harm)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s", harm)));
			SPI_keepplan(plan);
			target->plans[ask] = plan;
		}
		SPI_finish();
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}

/* A cancelled query, or a lock that was not to be had, is no broken definition. */
static bool
is_passing(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_INSUFFICIENT_RESOURCES ||
		sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/*
 * prepare_plans in a subtransaction.  Returns the message of the error, in
 * context, or NULL.
 */
static char *
try_prepare(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts,
			MemoryContext context)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ResourceOwner oldowner = CurrentResourceOwner;
	char	   *volatile message = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(oldcontext);
	PG_TRY();
	{
		prepare_plans(target, label, parts);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (is_passing(error->sqlerrcode))
			ReThrowError(error);
		message = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	CurrentResourceOwner = oldowner;
	return message;
}

static void
prepare(Entry *entry)
{
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];

	cg_labels_parse_table(cg_labels_get(entry->public.relid, 0), &label);
	cg_interventions_parts(entry->public.relid, parts);
	entry->public.broken = try_prepare(&entry->public, &label, parts, entry->context);
}

char *
cg_interventions_check(Oid relid, const CgTableLabel *label, const AttrNumber *parts)
{
	CgInterventions trial = {.relid = relid, .owner = relation_owner(relid)};
	char	   *problem = cg_windowquery_problem(relid, label, parts);

	if (problem)
		return problem;
	trial.customer_type = cg_windowquery_key_type(relid, parts[CG_PART_CUSTOMER]);
	problem = try_prepare(&trial, label, parts, CurrentMemoryContext);
	for (int i = 0; i < CG_NASKS; i++)
		if (trial.plans[i])
			SPI_freeplan(trial.plans[i]);
	return problem;
}
