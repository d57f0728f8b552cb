/*
 * sealing.c
 *		By which key a message is sealed while the key of the journal may be replaced.
 *
 * A session has read the key from contact_guard.journal_key.  It may write messages long
 * after that, in the middle of a transaction or at its end, where it cannot read a table.
 * But each place in WAL has one key: what another one has sealed there is not authentic.
 * So a new key is told in shared memory, and it begins for all sessions at one place:
 *
 *	1. the recorder makes "rotations" odd, and waits until no message is being inserted:
 *	   all that the old key has sealed lies before the insert position of that moment;
 *	2. it inserts the new key with that position into the table, and commits;
 *	3. it puts the key into shared memory, and makes "rotations" even.
 *
 * A session that finds it odd takes its announcement back and waits.  The commit of the
 * table's row is in WAL before the first message that the new key seals.  So a crash, a
 * standby or a recovery to a point in time that has such a message has the key, too.  The
 * recorder flushes nothing and waits for no lock between the first step and the last one.
 * If it ends in between, it makes "rotations" even as it leaves (rotation.c).
 *
 * While inflight is up and "rotations" is even, nobody changes the key in shared memory, so
 * sessions read it without a lock.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"

#include "base/shared.h"
#include "journal/journal.h"
#include "journal/sealing.h"

#define NAP_MS 1

StaticAssertDecl(CG_SEAL_LENGTH == CG_KEY_LENGTH, "shared memory has room for a key");

static void nap(void);
static const uint8 *right_key(const CgDatabase *database);

/* Accepts no interrupts: the caller may be at a place where it must not throw. */
static void
nap(void)
{
	(void) WaitLatch(NULL, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NAP_MS, PG_WAIT_EXTENSION);
}

/*
 * The caller has announced its message, and has found "rotations" even.
 *
 * It remembers nothing of earlier messages.  The extension may have been made anew, with a
 * journal that is another one, and the entry may be another one, too.  No count in it says
 * whether its key is the one that was there before.
 */
static const uint8 *
right_key(const CgDatabase *database)
{
	const CgJournalState *own = cg_journal_own();
	const CgSeal *seal = cg_journalstate_seal(own);

	if (database->seal_number > seal->number && memcmp(database->seal_of, own->key, CG_KEY_LENGTH) == 0)
		return database->seal_key;
	return seal->key;
}

CgDatabase *
cg_sealing_begin(const uint8 **key)
{
	for (;;)
	{
		CgDatabase *database = cg_shared_announce();

		if (database == NULL)
			elog(ERROR, "contact_guard has lost its entry for database %u", MyDatabaseId);
		if (pg_atomic_read_u64(&database->rotations) % 2 == 0)
		{
			/* The key must not be read before "rotations" is. */
			pg_read_barrier();
			*key = right_key(database);
			return database;
		}
		cg_shared_inserted(database, InvalidXLogRecPtr, 0);
		nap();
	}
}

void
cg_sealing_stop(CgDatabase *database)
{
	pg_atomic_fetch_add_u64(&database->rotations, 1);
	while (pg_atomic_read_u32(&database->inflight) != 0)
	{
		CHECK_FOR_INTERRUPTS();
		nap();
		pg_memory_barrier();
	}
}

void
cg_sealing_go_on(CgDatabase *database, const CgJournalState *state)
{
	const CgSeal *seal = state ? cg_journalstate_seal(state) : NULL;

	if (seal)
	{
		database->seal_number = seal->number;
		memcpy(database->seal_key, seal->key, CG_KEY_LENGTH);
		memcpy(database->seal_of, state->key, CG_KEY_LENGTH);
	}
	pg_atomic_fetch_add_u64(&database->rotations, 1);
}
