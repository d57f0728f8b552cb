/*
 * permissionuse.c
 *		When each standing permission was last used: for the view permissions.
 *
 * The log says it, but no index finds it: a record says which permission has shown a value in
 * its reason and its purpose, which two million records of a day have in common.  So the
 * recorder keeps the time of the newest record, with the records, in one transaction.
 *
 * A token may bring a purpose of its own, so only those of permissions are kept, and a batch
 * asks for so many at most.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "evidence/logrow.h"
#include "journal/reason.h"
#include "log/permissionuse.h"

#define BATCH_MAX 100
#define PREFIX (sizeof(CG_REASON_BY_ROLE) - sizeof("%s"))

typedef struct Use
{
	const char *reason;
	const char *purpose;
	const char *relation;
	TimestampTz at;
} Use;

static bool is_use(const CgRecord *record);
static Use *find_use_of(List *uses, const CgRecord *record);
static char *role_in(const char *reason);
static void store_use(const Use *use);

static bool
is_use(const CgRecord *record)
{
	return (record->event == CG_EVENT_SHOWN || record->event == CG_EVENT_LOOKUP ||
			record->event == CG_EVENT_SEARCHED || record->event == CG_EVENT_BULK) &&
		record->reason && record->purpose && record->relation && strncmp(record->reason, CG_REASON_BY_ROLE, PREFIX) == 0;
}

/* Begins with the last one: records of a statement follow each other. */
static Use *
find_use_of(List *uses, const CgRecord *record)
{
	for (int i = list_length(uses) - 1; i >= 0; i--)
	{
		Use		   *use = list_nth(uses, i);

		if (strcmp(use->reason, record->reason) == 0 && strcmp(use->purpose, record->purpose) == 0 &&
			strcmp(use->relation, record->relation) == 0)
			return use;
	}
	return NULL;
}

/* The name of the role, with which CG_REASON_BY_ROLE ends */
static char *
role_in(const char *reason)
{
	const char *relaxed = "; " CG_REASON_RELAXED;
	size_t		length = strlen(reason);

	if (length > strlen(relaxed) && strcmp(reason + length - strlen(relaxed), relaxed) == 0)
		length -= strlen(relaxed);
	return pnstrdup(reason + PREFIX, length - PREFIX);
}

static void
store_use(const Use *use)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[] = {CStringGetTextDatum(role_in(use->reason)), CStringGetTextDatum(use->purpose),
	CStringGetTextDatum(use->relation), TimestampTzGetDatum(use->at)};

	(void) cg_owncommand_execute("INSERT INTO contact_guard.permission_used AS u (role, purpose, relation, last_used) "
								"SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM contact_guard.permission p "
								"WHERE pg_catalog.pg_get_userbyid(p.role) = $1 AND p.purpose = $2) "
								"ON CONFLICT (role, purpose, relation) DO UPDATE SET last_used = excluded.last_used "
								"WHERE excluded.last_used > u.last_used",
								lengthof(types), types, values, NULL);
}

void
cg_permissionuse_store(List *rows)
{
	List	   *uses = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		const CgRecord *record = &((CgLogRow *) lfirst(lc))->record;
		Use		   *use;

		if (!is_use(record))
			continue;
		use = find_use_of(uses, record);
		if (use == NULL && list_length(uses) < BATCH_MAX)
		{
			use = palloc(sizeof(Use));
			*use = (Use) {record->reason, record->purpose, record->relation, record->read_at};
			uses = lappend(uses, use);
		}
		else if (use)
			use->at = Max(use->at, record->read_at);
	}
	foreach(lc, uses)
		store_use(lfirst(lc));
}
