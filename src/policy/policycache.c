/*
 * policycache.c
 *		A session's cache of policies.
 *
 * A database may have ten thousand partitions, and its pool a hundred sessions
 * that see all of them, so the memory for a relation is kept small:
 *
 * - A relation without a policy, as most relations are, takes one bit.  OIDs of
 *	 relations lie close together, so the bits are kept in chunks of 512.  There are at
 *	 most MAX_CHUNKS; when one more is needed, all of them are removed.  The relations
 *	 that were looked up last also stand in a small array, which needs no hash table.
 * - A relation with a policy takes an entry of some hundred bytes.  The part about
 *	 columns is a shape of its own: partitions whose columns have the same numbers share
 *	 the shape of their parent, and so do unrelated tables that happen to be alike.
 *
 * An invalidation only marks an entry as stale.  Stale entries that have not been
 * looked up again (such as those of dropped relations) are removed at the end of a
 * transaction, and so are shapes without entries.  Until then callers may hold pointers
 * to them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/inval.h"
#include "base/recent.h"
#include "base/special.h"
#include "base/xactend.h"
#include "compat.h"
#include "policy/policycache.h"

#define CHUNK_BITS 512
#define MAX_CHUNKS 1024
/* Up to this number, stale entries and unused shapes are not removed. */
#define STALE_MAX 64

/* Relations without a policy. */
typedef struct Chunk
{
	Oid			number;			/* hash key: relid / CHUNK_BITS */
	uint32		generation;		/* if it is not the current one, the chunk is empty */
	uint64		bits[CHUNK_BITS / 64];
} Chunk;

/* The part that policies share; its strings and lists are in its context. */
struct CgPolicyShape
{
	dlist_node	node;			/* in all_shapes */
	const char *key;			/* the whole shape as text */
	MemoryContext context;
	int			refcount;		/* of entries */
	CgGuarded  *guarded;
	List	   *ancestors;
	char	   *broken;
};

typedef struct ShapeEntry
{
	const char *key;
	uint32		hash;
	char		status;
	CgPolicyShape *shape;
} ShapeEntry;

#define SH_PREFIX shapeset
#define SH_ELEMENT_TYPE ShapeEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp((a), (b)) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static HTAB *policies = NULL;
static HTAB *chunks = NULL;
static shapeset_hash *shapes = NULL;
static dlist_head all_shapes = DLIST_STATIC_INIT(all_shapes);
CgRecent	cg_policycache_nothing; /* relations without a policy */
static CgPolicy *last_found = NULL; /* the policy that was found last */
static const CgPolicy nothing_guarded = {0};
static uint64 invalidations = 0;
static uint32 generation = 0;	/* goes up when all entries become stale */
static int	n_stale = 0;		/* about the number of stale entries */
static int	n_unused = 0;		/* shapes without entries */

static void policycache_inval(Oid relid);
static void policycache_xact(XactEvent event);
static bool is_nothing(Oid relid);
static bool is_good(const CgPolicy *entry);
static const CgPolicy *find_slowly(Oid relid);
static void set_nothing(Oid relid);
static void clean_up(XactEvent event);
static char *shape_key(const CgPolicy *policy);
static CgPolicyShape *shape_of(const CgPolicy *policy);
static void release_shape(CgPolicy *entry);
static void remove_stale(void);
static void remove_unused(void);

void
cg_policycache_init(void)
{
	HASHCTL		entries = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(CgPolicy),
	};
	HASHCTL		bitmaps = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Chunk),
	};

	policies = hash_create("contact_guard policies", 16, &entries, HASH_ELEM | HASH_BLOBS);
	chunks = hash_create("contact_guard relations without policy", 16, &bitmaps, HASH_ELEM | HASH_BLOBS);
	cg_inval_on_relation(policycache_inval);
	cg_xactend_on_event(policycache_xact);
}

/* May run at any time, while a caller reads an entry: so it only sets flags. */
static void
policycache_inval(Oid relid)
{
	CgPolicy   *policy;
	Chunk	   *chunk;
	Oid			number = relid / CHUNK_BITS;

	invalidations++;
	cg_recent_forget(&cg_policycache_nothing, relid);
	if (!OidIsValid(relid))
	{
		generation++;
		n_stale = hash_get_num_entries(policies);
		return;
	}
	policy = hash_search(policies, &relid, HASH_FIND, NULL);
	if (policy && policy->valid)
	{
		policy->valid = false;
		n_stale++;
	}
	chunk = hash_search(chunks, &number, HASH_FIND, NULL);
	if (chunk)
		chunk->bits[relid % CHUNK_BITS / 64] &= ~(UINT64CONST(1) << relid % 64);
}

uint64
cg_policycache_invalidations(void)
{
	return invalidations;
}

static bool
is_nothing(Oid relid)
{
	Oid			number = relid / CHUNK_BITS;
	Chunk	   *chunk = hash_search(chunks, &number, HASH_FIND, NULL);

	if (chunk == NULL || chunk->generation != generation ||
		(chunk->bits[relid % CHUNK_BITS / 64] & (UINT64CONST(1) << relid % 64)) == 0)
		return false;
	cg_recent_add(&cg_policycache_nothing, relid);
	return true;
}

static void
set_nothing(Oid relid)
{
	Oid			number = relid / CHUNK_BITS;
	Chunk	   *chunk;
	bool		found;

	if (hash_get_num_entries(chunks) >= MAX_CHUNKS &&
		hash_search(chunks, &number, HASH_FIND, NULL) == NULL)
	{
		HASH_SEQ_STATUS seq;

		hash_seq_init(&seq, chunks);
		while ((chunk = hash_seq_search(&seq)) != NULL)
			hash_search(chunks, &chunk->number, HASH_REMOVE, NULL);
	}
	chunk = hash_search(chunks, &number, HASH_ENTER, &found);
	if (!found || chunk->generation != generation)
	{
		chunk->generation = generation;
		memset(chunk->bits, 0, sizeof(chunk->bits));
	}
	chunk->bits[relid % CHUNK_BITS / 64] |= UINT64CONST(1) << relid % 64;
}

static bool
is_good(const CgPolicy *entry)
{
	return entry->valid && entry->generation == generation;
}

const CgPolicy *
cg_policycache_find(Oid relid)
{
	if (cg_policycache_is_nothing(relid))
		return &nothing_guarded;
	if (last_found && last_found->relid == relid && is_good(last_found))
		return last_found;
	return find_slowly(relid);
}

/* Looks into the hash tables. */
static pg_noinline const CgPolicy *
find_slowly(Oid relid)
{
	CgPolicy   *entry;

	if (is_nothing(relid))
		return &nothing_guarded;
	entry = hash_search(policies, &relid, HASH_FIND, NULL);
	if (entry == NULL || !is_good(entry))
		return NULL;
	last_found = entry;
	return entry;
}

const CgPolicy *
cg_policycache_peek(Oid relid)
{
	return hash_search(policies, &relid, HASH_FIND, NULL);
}

bool
cg_policycache_is_any_locked(void)
{
	HASH_SEQ_STATUS seq;
	CgPolicy   *policy;

	hash_seq_init(&seq, policies);
	while ((policy = hash_seq_search(&seq)) != NULL)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, policy->relid);
		for (LOCKMODE mode = AccessShareLock; policy->nguarded > 0 && mode <= AccessExclusiveLock; mode++)
		{
			if (cg_compat_lock_held(&tag, mode))
			{
				hash_seq_term(&seq);
				return true;
			}
		}
	}
	return false;
}

const CgPolicy *
cg_policycache_put(const CgPolicy *built, uint64 before)
{
	bool		current = invalidations == before;
	bool		nothing = built->nguarded == 0 && !built->audited && !OidIsValid(built->toast_of);
	CgPolicyShape *shape = built->nguarded > 0 ? shape_of(built) : NULL;
	CgPolicy   *entry;
	bool		found;

	if (nothing && current)
		set_nothing(built->relid);
	/* An entry of the time when it was guarded is overwritten: it is not guarded now. */
	entry = hash_search(policies, &built->relid, nothing ? HASH_FIND : HASH_ENTER, &found);
	if (entry == NULL)
		return &nothing_guarded;
	cg_special_note();
	if (found)
		release_shape(entry);
	*entry = *built;
	entry->valid = current && !nothing;
	entry->generation = generation;
	entry->shape = shape;
	if (shape)
	{
		if (shape->refcount++ == 0)
			n_unused--;
		entry->guarded = shape->guarded;
		entry->ancestors = shape->ancestors;
		entry->broken = shape->broken;
	}
	else
	{
		entry->guarded = NULL;
		entry->ancestors = NIL;
		entry->broken = NULL;
	}
	if (!entry->valid)
		n_stale++;
	return entry;
}

/*
 * The whole shape as text: two shapes with the same text are the same.  If you add a
 * field to CgGuarded, or a list or string to CgPolicy, add it here and in shape_of().
 */
static char *
shape_key(const CgPolicy *policy)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	for (int i = 0; i < policy->nguarded; i++)
		appendStringInfo(&out, "%d%s %zu:%s ", policy->guarded[i].attnum, policy->guarded[i].relay ? "r" : "",
						 strlen(policy->guarded[i].spec), policy->guarded[i].spec);
	foreach(lc, policy->ancestors)
		appendStringInfo(&out, "< %u ", lfirst_oid(lc));
	if (policy->broken)
		appendStringInfo(&out, "! %s", policy->broken);
	return out.data;
}

/* The shape of a policy that was built.  Makes it if there is none like it yet. */
static CgPolicyShape *
shape_of(const CgPolicy *built)
{
	char	   *key = shape_key(built);
	ShapeEntry *entry;
	CgPolicyShape *shape;
	MemoryContext context;
	MemoryContext oldcontext;
	bool		found;

	if (shapes == NULL)
		shapes = shapeset_create(TopMemoryContext, 16, NULL);
	entry = shapeset_lookup(shapes, key);
	if (entry)
		return entry->shape;

	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard policy",
									ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	shape = palloc0(sizeof(CgPolicyShape));
	shape->context = context;
	shape->key = pstrdup(key);
	shape->guarded = palloc0(sizeof(CgGuarded) * built->nguarded);
	for (int i = 0; i < built->nguarded; i++)
	{
		CgGuarded  *guarded = &shape->guarded[i];

		*guarded = built->guarded[i];
		guarded->spec = pstrdup(guarded->spec);
		if (guarded->mask.constant)
			guarded->mask.constant = pstrdup(guarded->mask.constant);
	}
	shape->ancestors = list_copy(built->ancestors);
	shape->broken = built->broken ? pstrdup(built->broken) : NULL;
	MemoryContextSwitchTo(oldcontext);
	entry = shapeset_insert(shapes, shape->key, &found);
	entry->shape = shape;
	dlist_push_tail(&all_shapes, &shape->node);
	n_unused++;
	MemoryContextSetParent(context, TopMemoryContext);
	return shape;
}

static void
release_shape(CgPolicy *entry)
{
	if (entry->shape && --entry->shape->refcount == 0)
		n_unused++;
	entry->shape = NULL;
}

/* Allocates nothing and throws nothing, since the transaction has ended. */
static void
policycache_xact(XactEvent event)
{
	if (n_stale > STALE_MAX || n_unused > STALE_MAX)
		clean_up(event);
}

static pg_noinline void
clean_up(XactEvent event)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			if (n_stale > STALE_MAX)
				remove_stale();
			if (n_unused > STALE_MAX)
				remove_unused();
			break;
		default:
			break;
	}
}

static void
remove_stale(void)
{
	HASH_SEQ_STATUS seq;
	CgPolicy   *entry;

	last_found = NULL;
	hash_seq_init(&seq, policies);
	while ((entry = hash_seq_search(&seq)) != NULL)
	{
		if (is_good(entry))
			continue;
		release_shape(entry);
		hash_search(policies, &entry->relid, HASH_REMOVE, NULL);
	}
	n_stale = 0;
}

static void
remove_unused(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &all_shapes)
	{
		CgPolicyShape *shape = dlist_container(CgPolicyShape, node, iter.cur);

		if (shape->refcount > 0)
			continue;
		dlist_delete(&shape->node);
		shapeset_delete(shapes, shape->key);
		MemoryContextDelete(shape->context);
	}
	n_unused = 0;
}
