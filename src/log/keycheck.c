/*
 * keycheck.c
 *		Are the keys that sign checkpoints there?  See keycheck.h.
 *
 * Without this look a wrong path would show only when the next checkpoint is due, in the
 * recorder of a database.
 */
#include "postgres.h"

#include <unistd.h>

#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/shared.h"
#include "evidence/signing.h"
#include "evidence/statefile.h"
#include "log/keycheck.h"

#define AGAIN_MS 5000

static char problem[CG_ERROR_LENGTH] = "";	/* what was found last, or "" */
static TimestampTz looked_at = 0;

static void check_keys(void);
static void take_problem(const char *found, const char *hint);

void
cg_keycheck_forget(void)
{
	looked_at = 0;
}

void
cg_keycheck_look(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	MemoryContext context;

	if (looked_at != 0 &&
		(problem[0] == '\0' || !TimestampDifferenceExceeds(looked_at, GetCurrentTimestamp(), AGAIN_MS)))
		return;
	context = AllocSetContextCreate(oldcontext, "contact_guard keys", ALLOCSET_DEFAULT_SIZES);
	looked_at = GetCurrentTimestamp();
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (cg_signing_configured())
			check_keys();
		take_problem("", NULL);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		take_problem(error->message, error->hint);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* ERROR if a checkpoint cannot be signed. */
static void
check_keys(void)
{
	char	   *directory = cg_statefile_path("checkpoint");
	ListCell   *lc;

	foreach(lc, cg_signing_keys())
		explicit_bzero(lfirst(lc), sizeof(CgNoteKey));
	get_parent_directory(directory);
	if (access(directory, W_OK | X_OK) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("directory \"%s\" of the last checkpoint cannot be written: %m", directory)));
}

static void
take_problem(const char *found, const char *hint)
{
	char		before[CG_ERROR_LENGTH];

	strlcpy(before, problem, sizeof(before));
	strlcpy(problem, found, sizeof(problem));
	if (strcmp(before, problem) == 0)
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	strlcpy(cg_shared->unsigned_because, problem, CG_ERROR_LENGTH);
	LWLockRelease(cg_shared->lock);
	if (problem[0] != '\0')
		ereport(LOG,
				(errmsg("contact_guard signs no checkpoint: %s", problem),
				 hint ? errhint("%s", hint) : 0));
	else
		ereport(LOG,
				(errmsg("contact_guard can sign checkpoints again")));
}
