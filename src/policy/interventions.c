/*
 * interventions.c
 *		The relations that hold interventions, and the questions prepared for them.
 *
 * The list of relations comes from a scan of pg_seclabel, which is repeated when
 * labels.c says that a label has changed somewhere.  A relation of the list is
 * looked at again when it has been invalidated itself; if its definition is
 * still the same it keeps its plans, which revalidate themselves.  Other
 * relations may be created, dropped and analysed all day: that costs nothing here.
 *
 * A broken definition opens no window and does not disturb the other relations: its
 * error is caught in a subtransaction and kept for status().  A change anywhere may
 * mend it, so it is tried again after any invalidation.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/customerkey.h"
#include "base/inval.h"
#include "base/objects.h"
#include "policy/ask.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/question.h"
#include "policy/trust.h"
#include "policy/windowquery.h"

/* One relation of the list, with the state from which its plans were made. */
typedef struct Entry
{
	CgInterventions public;		/* first, since callers get a list of these */
	MemoryContext context;
	uint32		schema_hash;	/* of its pg_namespace row: the questions name the schema */
	uint64		tried;			/* the value of "invalidations" at that time */
	uint64		trusted;		/* cg_trust_generation() when its functions were looked at */
} Entry;

static List *entries = NIL;		/* of Entry, in TopMemoryContext */
static uint64 invalidations = 0;	/* of any relation, so far */
static uint64 signals = 1;		/* of labels.c, so far */
static uint64 signals_read = 0; /* the value of "signals" when all labels were read */

static void interventions_inval(Oid relid);
static void namespace_inval(int cacheid, uint32 hashvalue);
static bool must_look(const Entry *entry);
static void look_at_functions(Entry *entry);
static void refresh(void);
static void read_labels(void);
static bool is_known_relation(Oid relid);
static Entry *create(Oid relid);
static Entry *renew(const Entry *known);
static void build_questions(Entry *entry, const CgTableLabel *label);
static void release(Entry *entry);

void
cg_interventions_init(void)
{
	cg_inval_on_relation(interventions_inval);
	cg_inval_on_catalog(NAMESPACEOID, namespace_inval);
}

static void
interventions_inval(Oid relid)
{
	ListCell   *lc;

	invalidations++;
	if (!OidIsValid(relid) || relid == CG_LABELS_SIGNAL)
		signals++;
	foreach(lc, entries)
	{
		Entry	   *entry = lfirst(lc);

		if (!OidIsValid(relid) || entry->public.relid == relid)
			entry->public.heard++;
	}
}

static void
namespace_inval(int cacheid, uint32 hashvalue)
{
	ListCell   *lc;

	foreach(lc, entries)
	{
		Entry	   *entry = lfirst(lc);

		if (hashvalue == 0 || hashvalue == entry->schema_hash)
			entry->public.heard++;
	}
}

static bool
must_look(const Entry *entry)
{
	return entry->public.heard != entry->public.built || !cg_question_is_valid(&entry->public) ||
		(entry->public.broken && (entry->tried != invalidations || entry->trusted != cg_trust_generation()));
}

/*
 * Examines the questions again after a change of functions, casts or domains that
 * their plans do not notice.
 */
static void
look_at_functions(Entry *entry)
{
	uint64		trusted = cg_trust_generation();

	if (entry->trusted == trusted || entry->public.broken)
		return;
	entry->public.broken = cg_question_examine(&entry->public, entry->context);
	entry->trusted = trusted;
}

List *
cg_interventions_list(void)
{
	/*
	 * While a question is asked or prepared the list must not change: planning the
	 * question may bring us here again, while the caller goes through the list.
	 */
	if (!IsInParallelMode() && !cg_ask_is_running())
		refresh();
	return entries;
}

void
cg_interventions_refresh(void)
{
	(void) cg_interventions_list();
}

bool
cg_interventions_are_named(void)
{
	ListCell   *lc;

	if (signals_read != signals && !IsInParallelMode() && !cg_ask_is_running())
		read_labels();
	foreach(lc, entries)
		if (get_rel_namespace(((Entry *) lfirst(lc))->public.relid) != cg_objects_schema())
			return true;
	return false;
}

/* After an error in the loop the other entries are as stale as before. */
static void
refresh(void)
{
	ListCell   *lc;

	if (signals_read != signals)
		read_labels();
	foreach(lc, entries)
	{
		Entry	   *known = lfirst(lc);
		Entry	   *entry;

		if (!must_look(known))
		{
			look_at_functions(known);
			continue;
		}
		entry = renew(known);
		if (entry)
			lfirst(lc) = entry;
		else
			entries = foreach_delete_current(entries, lc);
		release(known);
	}
}

/* Adds the relations that the list lacks.  refresh() removes the others. */
static void
read_labels(void)
{
	uint64		before = signals;
	ListCell   *lc;

	foreach(lc, cg_labels_interventions())
	{
		Entry	   *entry;
		MemoryContext oldcontext;

		if (is_known_relation(lfirst_oid(lc)))
			continue;
		entry = create(lfirst_oid(lc));
		entry->public.broken = "it has not been examined yet";
		entry->public.heard++;
		MemoryContextSetParent(entry->context, TopMemoryContext);
		oldcontext = MemoryContextSwitchTo(TopMemoryContext);
		entries = lappend(entries, entry);
		MemoryContextSwitchTo(oldcontext);
	}
	signals_read = before;
}

static bool
is_known_relation(Oid relid)
{
	ListCell   *lc;

	foreach(lc, entries)
		if (((Entry *) lfirst(lc))->public.relid == relid)
			return true;
	return false;
}

/* An empty entry, in a child of the current memory context. */
static Entry *
create(Oid relid)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "contact_guard interventions",
												  ALLOCSET_SMALL_SIZES);
	Entry	   *entry = MemoryContextAllocZero(context, sizeof(Entry));

	entry->context = context;
	entry->public.relid = relid;
	return entry;
}

/*
 * A new entry, which the caller puts in the place of the known one, or NULL if the
 * relation holds no interventions any more.
 */
static Entry *
renew(const Entry *known)
{
	uint64		heard = known->public.heard;
	uint64		tried = invalidations;
	uint64		trusted = cg_trust_generation();
	CgTableLabel label;
	Entry	   *entry;

	cg_labelparse_table(cg_labels_get(known->public.relid, 0), &label);
	if (!label.interventions)
		return NULL;
	entry = create(known->public.relid);
	build_questions(entry, &label);
	/* Invalidations that came meanwhile were counted in the known entry. */
	entry->public.heard = known->public.heard;
	entry->public.built = heard;
	entry->tried = tried;
	entry->trusted = trusted;
	MemoryContextSetParent(entry->context, TopMemoryContext);
	return entry;
}

static void
release(Entry *entry)
{
	cg_question_free(&entry->public);
	MemoryContextDelete(entry->context);
}

void
cg_interventions_parts(Oid relid, AttrNumber *parts)
{
	int			natts = cg_catalog_natts(relid);

	for (int part = 0; part < CG_NPARTS; part++)
		parts[part] = InvalidAttrNumber;
	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		CgColumnLabel label;

		cg_labelparse_column(cg_labels_get(relid, attnum), &label);
		if (label.part >= 0)
			parts[label.part] = attnum;
	}
}

static void
set_part(Oid relid, AttrNumber attnum, int part)
{
	CgColumnLabel label;

	cg_labelparse_column(cg_labels_get(relid, attnum), &label);
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

/* The entry becomes broken if its labels are wrong, or PostgreSQL refuses the questions. */
static void
build_questions(Entry *entry, const CgTableLabel *label)
{
	CgInterventions *target = &entry->public;
	MemoryContext oldcontext = MemoryContextSwitchTo(entry->context);
	Oid			relid = target->relid;
	AttrNumber	parts[CG_NPARTS];

	target->owner = cg_question_owner(relid);
	target->watch = label->watch;
	target->beneath = label->beneath;
	entry->schema_hash = GetSysCacheHashValue1(NAMESPACEOID,
											   ObjectIdGetDatum(get_rel_namespace(relid)));
	cg_interventions_parts(relid, parts);
	target->broken = cg_windowquery_problem(relid, label, parts);
	if (!target->broken)
		target->customer_type = cg_customerkey_lookup_type(relid, parts[CG_PART_CUSTOMER]);
	MemoryContextSwitchTo(oldcontext);
	if (target->broken)
		return;
	PG_TRY();
	{
		target->broken = cg_question_prepare(target, label, parts, CG_NASKS, entry->context);
	}
	PG_CATCH();
	{
		cg_question_free(target);
		PG_RE_THROW();
	}
	PG_END_TRY();
}
