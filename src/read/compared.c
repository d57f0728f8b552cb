/*
 * compared.c
 *		The statements that make the definitions of combined.c compare.
 *
 * A statement that writes to a relation also uses the definitions of all relations below
 * it: rows are routed, and an UPDATE of a parent changes rows of its children.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "policy/policy.h"
#include "policy/policycache.h"
#include "read/combined.h"
#include "read/compared.h"
#include "read/uniques.h"

typedef struct Kept
{
	Oid			relid;			/* key */
	uint64		invalidations;	/* their number when it was found */
	MemoryContext context;		/* of "found"; NULL for NIL */
	List	   *found;			/* of CgCombined, with column numbers of the relation */
} Kept;

static HTAB *kept = NULL;

static Bitmapset *columns_above(Oid above, Oid relid, const Bitmapset *columns);
static bool sets_others(Oid relid);
static List *find_family(Oid relid);
static List *family_of(Oid relid);

/* Finds the columns by name: "above" has other numbers for them, or lacks some. */
static Bitmapset *
columns_above(Oid above, Oid relid, const Bitmapset *columns)
{
	Bitmapset  *result = NULL;
	int			column = -1;

	if (above == relid)
		return bms_copy(columns);
	if (bms_is_member(CG_COMBINED_ANY, columns))
		result = bms_make_singleton(column = CG_COMBINED_ANY);
	while ((column = bms_next_member(columns, column)) > 0)
	{
		AttrNumber	attnum = get_attnum(above, get_attname(relid, column, false));

		if (attnum > 0)
			result = bms_add_member(result, attnum);
	}
	return result;
}

/* A BEFORE trigger may set columns that the statement does not name. */
static bool
sets_others(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	bool		result = rel->trigdesc && rel->trigdesc->trig_update_before_row;

	relation_close(rel, NoLock);
	return result;
}

/*
 * The definitions of the relation and of all relations below it.  If none of a
 * definition's guarded columns is guarded above, all guarded columns count.
 */
static List *
find_family(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *of;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		foreach(of, cg_combined_list(lfirst_oid(lc)))
		{
			CgCombined *combined = lfirst(of);
			const CgPolicy *policy;
			Bitmapset  *guarded = columns_above(relid, lfirst_oid(lc), combined->guarded);
			Bitmapset  *set = NULL;

			combined->others = columns_above(relid, lfirst_oid(lc), combined->others);
			if (sets_others(lfirst_oid(lc)))
				combined->others = bms_add_member(combined->others, CG_COMBINED_ANY);
			policy = cg_policy_get(relid);
			for (int i = 0; policy && i < policy->nguarded; i++)
				if (bms_is_member(policy->guarded[i].attnum, guarded) || bms_is_empty(guarded))
					set = bms_add_member(set, policy->guarded[i].attnum);
			combined->guarded = set;
			result = lappend(result, combined);
		}
	}
	return result;
}

/* The same, kept until any relation changes. */
static List *
family_of(Oid relid)
{
	uint64		before = cg_policycache_invalidations();
	HASHCTL		control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Kept),
	};
	Kept	   *answer;
	MemoryContext context;
	MemoryContext oldcontext;
	List	   *found;
	bool		known;

	if (kept == NULL)
		kept = hash_create("contact_guard combined columns", 16, &control, HASH_ELEM | HASH_BLOBS);
	answer = hash_search(kept, &relid, HASH_FIND, NULL);
	if (answer && answer->invalidations == before)
		return answer->found;
	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard combined columns", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	found = find_family(relid);
	MemoryContextSwitchTo(oldcontext);
	answer = hash_search(kept, &relid, HASH_ENTER, &known);
	if (known && answer->context)
		MemoryContextDelete(answer->context);
	answer->context = found == NIL ? NULL : context;
	answer->found = found;
	answer->invalidations = before;
	if (found == NIL)
		MemoryContextDelete(context);
	else
		MemoryContextSetParent(context, TopMemoryContext);
	return found;
}

List *
cg_compared_asked(const Query *query)
{
	Bitmapset  *assigned = cg_uniques_assigned(query);
	bool		deletes = query->commandType == CMD_DELETE;
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, query->mergeActionList)
		deletes |= lfirst_node(MergeAction, lc)->commandType == CMD_DELETE;
	if (bms_is_empty(assigned) && !deletes)
		return NIL;
	foreach(lc, family_of(rt_fetch(query->resultRelation, query->rtable)->relid))
	{
		CgCombined *combined = lfirst(lc);
		bool		asks = bms_is_member(CG_COMBINED_ANY, combined->others) &&
			(!bms_is_empty(assigned) || combined->deletes);
		int			column = CG_COMBINED_ANY;

		while (!asks && (column = bms_next_member(combined->others, column)) > 0)
			asks = bms_is_member(column - FirstLowInvalidHeapAttributeNumber, assigned);
		column = -1;
		while (asks && (column = bms_next_member(combined->guarded, column)) > 0)
			result = list_append_unique_int(result, column);
	}
	return result;
}
