/*
 * brought.c
 *		What dumps have brought: contact_guard.restored_log, which is in no tree.
 *
 * So the record of each change has the hash of all restored rows, and contact-guard verify
 * compares it with the newest one.  A purge or an erasure that does not change them makes no
 * such record.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/owncommand.h"
#include "common/event.h"
#include "common/restored.h"
#include "journal/eventrecord.h"
#include "log/brought.h"

char *
cg_brought_hash(void)
{
	Datum		now;

	CommandCounterIncrement();
	if (!cg_owncommand_select(CG_RESTORED_SQL, 0, NULL, NULL, TEXTOID, &now))
		elog(ERROR, "could not compute the hash of contact_guard.restored_log");
	return TextDatumGetCString(now);
}

void
cg_brought_record(const char *what, int64 rows, const char *hash)
{
	cg_eventrecord_event(CG_EVENT_EPOCH, NULL, rows, psprintf("%s; %s%s", what, CG_RESTORED_NOW, hash));
}
