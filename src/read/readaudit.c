/*
 * readaudit.c
 *		Notes that an execution reads the access log itself.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/names.h"
#include "base/objects.h"
#include "read/readrecords.h"
#include "read/reads_private.h"

void
cg_readaudit_more(CgReads *reads, uint64 rows)
{
	reads->audited_more += rows;
}

/* A record names the view rather than the tables behind it. */
void
cg_readaudit_note(CgReads *reads, Oid relid)
{
	MemoryContext oldcontext;
	bool		common = relid == cg_objects_relation("log_common", true);

	cg_readrecords_put_query(reads);
	/* A view says most.  log_common is named only if nothing else is read. */
	if (reads->audited && (common || (!reads->audited_common && get_rel_relkind(relid) != RELKIND_VIEW)))
		return;
	reads->audited_common = common;
	if (reads->audited == NULL)
		reads->audited_at = GetCurrentTimestamp();
	oldcontext = MemoryContextSwitchTo(reads->context);
	reads->audited = cg_names_relation(relid);
	MemoryContextSwitchTo(oldcontext);
}
