/*
 * inserts.c
 *		Rows that the actor has inserted in this transaction: what he has written into them
 *		is known to him.
 *
 * ORMs create a row, and save or read it a moment later.  A row is noted by its TID when it
 * has been inserted, with the columns whose values were constants or parameters of a
 * statement that the client sent.  xmin would prove nothing: a row that moves between
 * partitions looks inserted, and so does what a function of others inserts.
 *
 * The TID belongs to no other row as long as the inserting (sub)transaction is under way:
 * even if the row is deleted, its line pointer is not used again.  So notes are forgotten
 * when that subtransaction aborts, when the transaction ends, and before commands that may
 * write the table anew.  They are for one actor: another one forgets them.
 *
 * A new version of a row, which UPDATE makes, has another TID and is not noted.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "base/special.h"
#include "base/xactend.h"
#include "policy/permission.h"
#include "policy/policy.h"
#include "read/around.h"
#include "read/execution.h"
#include "read/inserts.h"

/* Of one transaction.  An import by INSERT does not read its rows. */
#define INSERTS_MAX 10000

typedef struct InsertKey
{
	Oid			relid;
	Oid			file;			/* its relfilenode */
	ItemPointerData tid;
} InsertKey;

typedef struct Insert
{
	InsertKey	key;
	SubTransactionId subid;
	uint64		columns;
} Insert;

static HTAB *inserts = NULL;	/* in TopTransactionContext; NULL: none */
static CgActor inserts_actor;
static List *inserted_into = NIL;	/* OIDs, for the whole session */

static bool make_insert_key(InsertKey *key, Oid relid, const ItemPointerData *tid);
static bool is_inserts_actor(const CgActor *actor);
static void inserts_xact(XactEvent event);
static void inserts_subxact(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg);
static void note_relation(Oid relid);

static bool
make_insert_key(InsertKey *key, Oid relid, const ItemPointerData *tid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));

	if (!HeapTupleIsValid(tuple))
		return false;
	memset(key, 0, sizeof(InsertKey));
	key->relid = relid;
	key->file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ItemPointerCopy(tid, &key->tid);
	ReleaseSysCache(tuple);
	return true;
}

static bool
is_inserts_actor(const CgActor *actor)
{
	return actor->role == inserts_actor.role && strcmp(actor->name, inserts_actor.name) == 0;
}

static void
inserts_xact(XactEvent event)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		inserts = NULL;
}

/* Subtransactions that it has taken over have greater numbers. */
static void
inserts_subxact(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	HASH_SEQ_STATUS scan;
	Insert	   *insert;

	if (event != SUBXACT_EVENT_ABORT_SUB || inserts == NULL)
		return;
	hash_seq_init(&scan, inserts);
	while ((insert = hash_seq_search(&scan)) != NULL)
		if (insert->subid >= subid)
			(void) hash_search(inserts, &insert->key, HASH_REMOVE, NULL);
}

/* Plans that were made before this do not ask whose a row is. */
static void
note_relation(Oid relid)
{
	static bool registered = false;
	MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

	if (!registered)
	{
		cg_xactend_on_event(inserts_xact);
		RegisterSubXactCallback(inserts_subxact, NULL);
	}
	registered = true;
	inserted_into = lappend_oid(inserted_into, relid);
	MemoryContextSwitchTo(oldcontext);
	ResetPlanCache();
}

void
cg_inserts_note(Oid relid, const ItemPointerData *tid, uint64 columns)
{
	InsertKey	key;
	Insert	   *insert;
	CgActor		actor;
	const CgPolicy *policy;
	CgPermission permission;

	/* A function's statement may insert what its caller does not know. */
	if (cg_around_innermost() == NULL || cg_around_innermost()->outer != NULL || cg_execution_is_inner() ||
		(inserts && hash_get_num_entries(inserts) >= INSERTS_MAX) || !make_insert_key(&key, relid, tid))
		return;
	actor = cg_actor_current();
	policy = cg_policy_get(relid);
	if (policy == NULL)
		return;
	permission = cg_permission_of(&actor, policy);
	if (cg_permission_is_whole(&permission))
		return;
	cg_special_note();
	if (!list_member_oid(inserted_into, relid))
		note_relation(relid);
	if (inserts && !is_inserts_actor(&actor))
		cg_inserts_forget();
	if (inserts == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(InsertKey),
			.entrysize = sizeof(Insert),
			.hcxt = TopTransactionContext,
		};

		inserts_actor = actor;
		inserts_actor.name = MemoryContextStrdup(TopTransactionContext, actor.name);
		inserts = hash_create("contact_guard inserts", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	insert = hash_search(inserts, &key, HASH_ENTER, NULL);
	insert->subid = GetCurrentSubTransactionId();
	insert->columns = columns;
}

bool
cg_inserts_were_in(Oid relid)
{
	return inserted_into != NIL && list_member_oid(inserted_into, relid);
}

bool
cg_inserts_is_own(const CgActor *actor, Oid relid, const ItemPointerData *tid, AttrNumber attnum)
{
	InsertKey	key;
	const Insert *insert;

	if (inserts == NULL || attnum <= 0 || attnum > 63 || !is_inserts_actor(actor) || !make_insert_key(&key, relid, tid))
		return false;
	insert = hash_search(inserts, &key, HASH_FIND, NULL);
	return insert && (insert->columns & UINT64CONST(1) << attnum) != 0;
}

void
cg_inserts_forget(void)
{
	if (inserts)
		hash_destroy(inserts);
	inserts = NULL;
}
