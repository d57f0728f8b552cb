/*
 * signed.c
 *		Signatures of tokens that a session of this server has found good.
 *
 * A pool sends the token of one user through many of its sessions.  That a token has a good
 * signature by a key is a fact of arithmetic: it cannot become wrong.  So shared memory keeps
 * such facts: the hash of a whole token, header and signature included, and the thumbprint
 * of the key, which is a hash of the key itself.  A fact says nothing else.  Whether the key is
 * still in the file, and whether the token counts at this moment, is asked before and after,
 * each time.  So there is nothing that a change of keys, a revocation or the clock would have
 * to remove.
 *
 * Only this file writes facts, and only those that it has just verified.  A hash tells
 * nobody the token.  Facts are dropped in the order in which they came, within a few places that
 * their hashes choose; then the signature is verified again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "policy/signed.h"

#define SETS 1024				/* a power of two */
#define FACTS_OF_SET 4
#define SIGNED_LOCKS 16			/* a power of two */
#define SIGNED_TRANCHE "contact_guard signatures"

typedef struct Fact
{
	uint8		digest[CG_HASH_LENGTH];
	char		thumbprint[CG_THUMBPRINT_LENGTH + 1];	/* "": there is none here */
} Fact;

/* Read and written under the lock of the set. */
typedef struct FactSet
{
	uint32		next;			/* the place of the next fact */
	Fact		facts[FACTS_OF_SET];
} FactSet;

static FactSet *fact_sets = NULL;	/* SETS of them */
static LWLockPadded *fact_locks = NULL;	/* SIGNED_LOCKS of them */

static shmem_request_hook_type prev_signed_request = NULL;
static shmem_startup_hook_type prev_signed_startup = NULL;

static void signed_request(void);
static void signed_startup(void);
static bool has_fact(const FactSet *set, const Fact *fact);

void
cg_signed_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_signed_request = shmem_request_hook;
	shmem_request_hook = signed_request;
	prev_signed_startup = shmem_startup_hook;
	shmem_startup_hook = signed_startup;
}

static void
signed_request(void)
{
	if (prev_signed_request)
		prev_signed_request();
	RequestAddinShmemSpace(SETS * sizeof(FactSet));
	RequestNamedLWLockTranche(SIGNED_TRANCHE, SIGNED_LOCKS);
}

static void
signed_startup(void)
{
	bool		found;

	if (prev_signed_startup)
		prev_signed_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	fact_sets = ShmemInitStruct("contact_guard signatures", SETS * sizeof(FactSet), &found);
	if (!found)
		memset(fact_sets, 0, SETS * sizeof(FactSet));
	fact_locks = GetNamedLWLockTranche(SIGNED_TRANCHE);
	LWLockRelease(AddinShmemInitLock);
}

static bool
has_fact(const FactSet *set, const Fact *fact)
{
	for (int i = 0; i < FACTS_OF_SET; i++)
		if (memcmp(&set->facts[i], fact, sizeof(Fact)) == 0)
			return true;
	return false;
}

bool
cg_signed_is_good(const char *token, const CgJws *jws, const uint8 digest[CG_HASH_LENGTH])
{
	uint32		number = (digest[0] | digest[1] << 8) % SETS;
	FactSet    *set;
	LWLock	   *lock;
	Fact		fact = {{0}};
	bool		good;

	if (fact_sets == NULL)
		return cg_jws_is_signed(jws->key, jws->signature, jws->signature_length, token, jws->signed_length);
	set = &fact_sets[number];
	lock = &fact_locks[number % SIGNED_LOCKS].lock;
	memcpy(fact.digest, digest, CG_HASH_LENGTH);
	strlcpy(fact.thumbprint, jws->key->thumbprint, sizeof(fact.thumbprint));
	LWLockAcquire(lock, LW_SHARED);
	good = has_fact(set, &fact);
	LWLockRelease(lock);
	if (good)
		return true;
	/* No lock is held meanwhile: two sessions may verify one token at a time. */
	if (!cg_jws_is_signed(jws->key, jws->signature, jws->signature_length, token, jws->signed_length))
		return false;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	if (!has_fact(set, &fact))
	{
		set->facts[set->next] = fact;
		set->next = (set->next + 1) % FACTS_OF_SET;
	}
	LWLockRelease(lock);
	return true;
}
