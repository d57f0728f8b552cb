/*
 * replay.c
 *		Tokens that are for one session at a time: contact_guard.identity_replay.
 *
 * A token that was seen by somebody else is of no use to him while the session that it came
 * with lives.  Shared memory has the number (jti) of each token in use, with its issuer, as a
 * hash.  It has room for a fixed number; if they are all in use, further tokens are refused.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "policy/replay.h"

#define TOKENS_MAX 16384
#define REPLAY_TRANCHE "contact_guard tokens"

typedef struct UsedToken
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];	/* key */
	int			pid;
	TimestampTz until;
} UsedToken;

static HTAB *used_tokens = NULL;
static LWLock *used_lock = NULL;
static bool has_taken = false;

static shmem_request_hook_type prev_replay_request = NULL;
static shmem_startup_hook_type prev_replay_startup = NULL;

static void replay_request(void);
static void replay_startup(void);
static bool digest_number(const CgClaims *claims, uint8 *digest);
static void drop_used(bool own, TimestampTz now);
static void give_back(int code, Datum arg);

void
cg_replay_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_replay_request = shmem_request_hook;
	shmem_request_hook = replay_request;
	prev_replay_startup = shmem_startup_hook;
	shmem_startup_hook = replay_startup;
}

static void
replay_request(void)
{
	if (prev_replay_request)
		prev_replay_request();
	RequestAddinShmemSpace(hash_estimate_size(TOKENS_MAX, sizeof(UsedToken)));
	RequestNamedLWLockTranche(REPLAY_TRANCHE, 1);
}

static void
replay_startup(void)
{
	HASHCTL		info = {.keysize = PG_SHA256_DIGEST_LENGTH, .entrysize = sizeof(UsedToken)};

	if (prev_replay_startup)
		prev_replay_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	used_tokens = ShmemInitHash("contact_guard tokens", TOKENS_MAX, TOKENS_MAX, &info,
								HASH_ELEM | HASH_BLOBS | HASH_FIXED_SIZE);
	used_lock = &(GetNamedLWLockTranche(REPLAY_TRANCHE))->lock;
	LWLockRelease(AddinShmemInitLock);
}

static bool
digest_number(const CgClaims *claims, uint8 *digest)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	bool		good = context != NULL && pg_cryptohash_init(context) >= 0 &&
		pg_cryptohash_update(context, (const uint8 *) claims->issuer, strlen(claims->issuer) + 1) >= 0 &&
		pg_cryptohash_update(context, (const uint8 *) claims->id, strlen(claims->id)) >= 0 &&
		pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) >= 0;

	pg_cryptohash_free(context);
	return good;
}

/* Removes this session's, or those that have expired.  The caller holds the lock. */
static void
drop_used(bool own, TimestampTz now)
{
	HASH_SEQ_STATUS all;
	UsedToken  *entry;

	hash_seq_init(&all, used_tokens);
	while ((entry = hash_seq_search(&all)) != NULL)
		if (own ? entry->pid == MyProcPid : now >= entry->until)
			(void) hash_search(used_tokens, entry->digest, HASH_REMOVE, NULL);
}

/* When the session ends.  If it ends by a crash, PostgreSQL makes shared memory anew. */
static void
give_back(int code, Datum arg)
{
	LWLockAcquire(used_lock, LW_EXCLUSIVE);
	drop_used(true, 0);
	LWLockRelease(used_lock);
}

const char *
cg_replay_take(const CgActorToken *token)
{
	TimestampTz now = cg_clock_latest(GetCurrentTimestamp());
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	const char *why = NULL;
	UsedToken  *entry;
	bool		found;

	if (cg_identity_replay == CG_IDENTITY_REPLAY_ALLOW)
		return NULL;
	if (token->claims.id[0] == '\0')
		return "It has no number (jti), and contact_guard.identity_replay is \"refuse\".";
	if (used_tokens == NULL || !digest_number(&token->claims, digest))
		return "Whether another session uses it is not known.";
	if (!has_taken)
		before_shmem_exit(give_back, (Datum) 0);
	has_taken = true;
	LWLockAcquire(used_lock, LW_EXCLUSIVE);
	if (hash_get_num_entries(used_tokens) >= TOKENS_MAX)
		drop_used(false, now);
	entry = hash_search(used_tokens, digest, HASH_FIND, &found);
	if (!found && hash_get_num_entries(used_tokens) < TOKENS_MAX)
		entry = hash_search(used_tokens, digest, HASH_ENTER_NULL, NULL);
	if (entry == NULL)
		why = "Too many tokens are in use: contact_guard.identity_replay has no room for another one.";
	else if (found && entry->pid != MyProcPid && now < entry->until)
		why = "Another session uses it (jti), and contact_guard.identity_replay is \"refuse\".";
	else
	{
		entry->pid = MyProcPid;
		entry->until = token->until;
	}
	LWLockRelease(used_lock);
	return why;
}
