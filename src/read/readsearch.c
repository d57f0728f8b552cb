/*
 * readsearch.c
 *		The searches of one execution.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "read/readrecords.h"
#include "read/reads_private.h"
#include "read/readsearch.h"
#include "read/searched.h"

static void begin_search(CgReads *reads, ReadRelation *relation, AttrNumber attnum);

/* Searches are noted before their rows, but those of a parent's mark are not. */
static void
begin_search(CgReads *reads, ReadRelation *relation, AttrNumber attnum)
{
	if (relation->searched == NULL)
	{
		cg_readrecords_put_query(reads);
		relation->searched = cg_searched_create(reads->context);
		relation->searched_by = attnum;
		relation->searched_at = GetCurrentTimestamp();
	}
	relation->searched_columns |= cg_reads_bit(relation, attnum);
}

void
cg_readsearch_begin(CgReads *reads, Oid relid, List *attnums, bool always)
{
	ReadRelation *relation = cg_reads_relation(reads, relid);
	ListCell   *lc;

	foreach(lc, attnums)
		begin_search(reads, relation, lfirst_int(lc));
	if (always)
		cg_searched_require(relation->searched);
}

bool
cg_readsearch_row(CgReads *reads, const CgSite *site, const CgCustomerKey *key, bool *first)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);

	if (!cg_reads_permits(reads, relation, GetCurrentTimestamp()) || cg_reads_is_not_meant(relation, site->attnum))
		return false;
	if (relation->searched == NULL)
		begin_search(reads, relation, site->attnum);
	*first = cg_searched_note(relation->searched, key);
	return true;
}

/* Of several columns the first one counts the row. */
bool
cg_readsearch_wait(CgReads *reads, const CgSite *site, const CgCustomerKey *key)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);

	if (!cg_reads_permits(reads, relation, GetCurrentTimestamp()) || cg_reads_is_not_meant(relation, site->attnum))
		return false;
	if (relation->searched == NULL || relation->searched_by != site->attnum)
		return true;
	if (relation->cut == NULL)
		relation->cut = cg_searched_create(reads->context);
	cg_searched_find(relation->searched, key);
	(void) cg_searched_note(relation->cut, key);
	return true;
}

void
cg_readsearch_found(CgReads *reads, const CgSite *site, const CgCustomerKey *key)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);

	if (relation->searched && relation->searched_by == site->attnum)
		cg_searched_find(relation->cut && (site->flags & CG_SITE_ABOVE) != 0 ? relation->cut : relation->searched, key);
}
