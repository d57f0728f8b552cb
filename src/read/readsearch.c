/*
 * readsearch.c
 *		The searches of one execution.
 *
 * Each search of a statement has names and a count of its own.  Otherwise a hopeless search of the
 * whole table would hide, in its count, a customer whom another one of the statement was about.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "read/readrecords.h"
#include "read/reads_private.h"
#include "read/readsearch.h"
#include "read/searched.h"

static ReadSearch *begin_search(CgReads *reads, ReadRelation *relation, AttrNumber attnum);
static ReadSearch *find_search(const ReadRelation *relation, const CgSite *site);
static ReadSearch *search_of_row(CgReads *reads, ReadRelation *relation, const CgSite *site);

static ReadSearch *
begin_search(CgReads *reads, ReadRelation *relation, AttrNumber attnum)
{
	MemoryContext oldcontext;
	ReadSearch *search;

	cg_readrecords_put_query(reads);
	oldcontext = MemoryContextSwitchTo(reads->context);
	search = palloc0(sizeof(ReadSearch));
	search->searched = cg_searched_create(reads->context);
	search->by = attnum;
	search->columns = cg_reads_bit(relation, attnum);
	search->searched_at = GetCurrentTimestamp();
	relation->searches = lappend(relation->searches, search);
	MemoryContextSwitchTo(oldcontext);
	return search;
}

void
cg_readsearch_begin(CgReads *reads, Oid relid, List *attnums, bool always)
{
	ReadRelation *relation = cg_reads_relation(reads, relid);
	ReadSearch *search = begin_search(reads, relation, linitial_int(attnums));
	ListCell   *lc;

	foreach(lc, attnums)
		search->columns |= cg_reads_bit(relation, lfirst_int(lc));
	if (always)
		cg_searched_require(search->searched);
}

/* NULL: the site belongs to no search, or to one that has read no row. */
static ReadSearch *
find_search(const ReadRelation *relation, const CgSite *site)
{
	int			number = cg_site_search(site);
	ListCell   *lc;

	if (number == 0)
		return NULL;
	foreach(lc, relation->searches)
		if (((ReadSearch *) lfirst(lc))->number == number)
			return lfirst(lc);
	return NULL;
}

/*
 * Searches are noted before their rows, but those of a parent's mark are not.  A mark has the
 * columns and no number.
 */
static ReadSearch *
search_of_row(CgReads *reads, ReadRelation *relation, const CgSite *site)
{
	ReadSearch *search = find_search(relation, site);
	ListCell   *lc;

	if (search)
		return search;
	foreach(lc, relation->searches)
	{
		search = lfirst(lc);
		if (search->number == 0 && search->by == site->attnum)
			break;
		search = NULL;
	}
	if (search == NULL)
		search = begin_search(reads, relation, site->attnum);
	search->number = cg_site_search(site);
	return search;
}

bool
cg_readsearch_row(CgReads *reads, const CgSite *site, const CgCustomerKey *key, bool *first)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);

	if (!cg_reads_permits(reads, relation, GetCurrentTimestamp()) || cg_reads_is_not_meant(relation, site->attnum))
		return false;
	*first = cg_searched_note(search_of_row(reads, relation, site)->searched, key);
	return true;
}

/* Of several columns the first one counts the row. */
void
cg_readsearch_found(CgReads *reads, const CgSite *site, const CgCustomerKey *key)
{
	const ReadSearch *search = find_search(cg_reads_relation(reads, site->relid), site);

	if (search && search->by == site->attnum)
		cg_searched_find(search->searched, key);
}

void
cg_readsearch_fail(const CgReads *reads)
{
	ListCell   *lc;
	ListCell   *ls;

	foreach(lc, reads->relations)
		foreach(ls, ((ReadRelation *) lfirst(lc))->searches)
			cg_searched_fail(((ReadSearch *) lfirst(ls))->searched);
}
