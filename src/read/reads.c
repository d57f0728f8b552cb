/*
 * reads.c
 *		The reads of one execution: verdicts and their records.
 *
 * A withheld row costs one probe of the window cache and one of the hash table here.
 * A shown row costs only the probe here, unless the last look at the interventions is
 * more than a second old.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/copystate.h"
#include "journal/journal.h"
#include "journal/reason.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/windows.h"
#include "read/readmeant.h"
#include "read/readrecords.h"
#include "read/reads_private.h"
#include "read/resume.h"
#include "read/roll.h"

/* The context of the last execution, which the next one takes; NULL: none. */
static MemoryContext spare = NULL;

static CgPermission permission_on(const CgReads *reads, const CgPolicy *policy);
static void look_again(CgReads *reads, ReadRelation *relation, TimestampTz now);
static bool decide_by_window(CgReads *reads, ReadRelation *relation, const CgSite *site,
							 const CgCustomerKey *key, TimestampTz now);
static void note_permitted(CgReads *reads, ReadRelation *relation, AttrNumber attnum, const CgCustomerKey *key,
						   TimestampTz now);
static bool is_shown_still(const Read *read, TimestampTz now);
static Read *make_read(ReadRelation *relation, const char *customer, MemoryContext context);
static void note_shown(CgReads *reads, Read *read, AttrNumber attnum, TimestampTz now);

CgReads *
cg_reads_create(QueryDesc *query, int64 statement)
{
	MemoryContext context;
	MemoryContext oldcontext;
	CgReads    *reads;

	cg_journal_require_begun();
	/* In TopMemoryContext: after an error the records must still be written. */
	if (spare == NULL)
		spare = AllocSetContextCreate(TopMemoryContext, "contact_guard execution", ALLOCSET_SMALL_SIZES);
	context = spare;
	oldcontext = MemoryContextSwitchTo(context);
	reads = palloc0(sizeof(CgReads));
	reads->context = context;
	reads->query = query;
	reads->statement = statement;
	reads->dirty_end = &reads->dirty;
	reads->held_end = &reads->held;
	reads->actor = cg_actor_current();
	MemoryContextSwitchTo(oldcontext);
	/* Not before: an error leaves it to the next execution. */
	spare = NULL;
	return reads;
}

void
cg_reads_free(CgReads *reads)
{
	MemoryContext context = reads->context;

	if (spare)
		MemoryContextDelete(context);
	else
	{
		MemoryContextReset(context);
		spare = context;
	}
}

void
cg_reads_require(CgReads *reads)
{
	if (!reads->required)
		cg_journal_require_room();
	reads->required = true;
}

const CgActor *
cg_reads_actor(const CgReads *reads)
{
	return &reads->actor;
}

static CgPermission
permission_on(const CgReads *reads, const CgPolicy *policy)
{
	CgPermission permission = {0};

	if (cg_actor_has_lapsed(&reads->actor, GetCurrentTimestamp()))
		return permission;
	permission = cg_permission_of(&reads->actor, policy);
	/* The permission's purpose comes first: an admin has given it.  A superuser's stays alone. */
	if (permission.reason && reads->actor.token && reads->actor.token->claims.purpose[0] != '\0')
		permission.purpose = psprintf("%s: %s", permission.purpose, cg_readmeant_purpose(reads->actor.token));

	/* For pg_dump one record for a table says as much as one for each customer. */
	if (reads->actor.superuser && cg_copystate_now()->relid == policy->relid &&
		reads->query->dest->mydest == DestCopyOut)
		permission.bulk = true;
	return permission;
}

/*
 * Looks a standing permission up again.  If it was taken back it shows nothing more, and its
 * plan is refused; records that are due are written first, under the permission as it was.
 */
static void
look_again(CgReads *reads, ReadRelation *relation, TimestampTz now)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(reads->context);
	const CgPolicy *policy = cg_policy_get(relation->relid);
	CgPermission was = relation->permission;
	CgPermission permission = {0};

	if (policy)
		permission = permission_on(reads, policy);
	MemoryContextSwitchTo(oldcontext);
	relation->permission_at = now;
	cg_space_require();			/* a long statement could fill the disk */
	if (permission.granted && permission.bulk == was.bulk &&
		strcmp(permission.purpose, was.purpose) == 0)
	{
		pfree(permission.purpose);
		return;
	}
	cg_readrecords_drain(reads, CG_DUE_END);
	relation->permission = permission;
	relation->begun = false;
	if (!permission.granted)
		(void) cg_planassume_check(reads->query->plannedstmt);
}

/* A standing permission is looked up again when the last look is a second old. */
bool
cg_reads_permits(CgReads *reads, ReadRelation *relation, TimestampTz now)
{
	if (relation->permission.granted &&
		(now < relation->permission_at || now - relation->permission_at >= CG_VERDICT_USECS ||
		 cg_actor_has_lapsed(&reads->actor, now)))
		look_again(reads, relation, now);
	return relation->permission.granted;
}

ReadRelation *
cg_reads_relation(CgReads *reads, Oid relid)
{
	ListCell   *lc;
	MemoryContext oldcontext;
	ReadRelation *relation;
	const CgPolicy *policy;

	foreach(lc, reads->relations)
		if (((ReadRelation *) lfirst(lc))->relid == relid)
			return lfirst(lc);

	policy = cg_policy_get(relid);
	if (policy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the policy of relation %u has changed during this statement", relid),
				 errhint("Run the statement again.")));
	oldcontext = MemoryContextSwitchTo(reads->context);
	relation = palloc0(sizeof(ReadRelation));
	relation->relid = relid;
	/* First: the policy is valid until the next call. */
	relation->names = cg_readnames_get(policy, reads->context);
	relation->permission = permission_on(reads, policy);
	relation->permission_at = GetCurrentTimestamp();
	if (relation->permission.granted)
		cg_resume_add(&reads->actor, relid, NULL);
	relation->purpose = "intervention";
	if (reads->actor.token)
	{
		relation->not_meant = cg_readmeant_not(reads->actor.token, relid, &relation->names);
		if (reads->actor.token->claims.purpose[0] != '\0')
			relation->purpose = cg_readmeant_purpose(reads->actor.token);
	}
	reads->relations = lappend(reads->relations, relation);
	MemoryContextSwitchTo(oldcontext);
	return relation;
}

uint64
cg_reads_bit(const ReadRelation *relation, AttrNumber attnum)
{
	int			i = 0;

	while (i < relation->names.ncolumns - 1 && relation->names.attnums[i] != attnum)
		i++;
	return UINT64CONST(1) << i;
}

bool
cg_reads_decide(CgReads *reads, const CgSite *site, const CgCustomerKey *key)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);
	bool		coarse = relation->permission.granted && reads->actor.token == NULL;
	TimestampTz now = coarse ? cg_clock_coarse_since(relation->permission_at) : GetCurrentTimestamp();

	if (cg_reads_is_not_meant(relation, site->attnum))
	{
		cg_withheld_not_meant(reads, cg_withheld_outside(reads, relation), site, key, now);
		return false;
	}
	if (!cg_reads_permits(reads, relation, now))
		return decide_by_window(reads, relation, site, key, coarse ? GetCurrentTimestamp() : now);
	if (relation->permission.bulk)
		cg_withheld_count_row(reads, relation, site->attnum, now);
	else if (key)
		note_permitted(reads, relation, site->attnum, key, now);
	else
		note_shown(reads, cg_withheld_nobody(reads, relation), site->attnum, now);
	return true;
}

bool
cg_reads_decide_own(CgReads *reads, const CgSite *site, const CgCustomerKey *key)
{
	ReadRelation *relation = cg_reads_relation(reads, site->relid);
	TimestampTz now = GetCurrentTimestamp();
	Read	   *read;

	/* Who has written the value himself is shown it, whatever his token is for. */
	if (cg_reads_is_not_meant(relation, site->attnum))
		relation = cg_withheld_outside(reads, relation);
	if (key == NULL || cg_reads_permits(reads, relation, now))
		return cg_reads_decide(reads, site, key);
	read = cg_reads_find(reads, relation, cg_customerkey_print(key));
	if (read == NULL)
		read = cg_reads_add(reads, relation, cg_customerkey_print(key));
	read->own = true;
	note_shown(reads, read, site->attnum, now);
	return true;
}

static void
note_permitted(CgReads *reads, ReadRelation *relation, AttrNumber attnum, const CgCustomerKey *key, TimestampTz now)
{
	uint64		bit = cg_reads_bit(relation, attnum);

	if (!reads->has_query_id)
		cg_readrecords_put_query(reads);
	if (relation->roll == NULL)
		relation->roll = cg_roll_create(reads->context);
	if (cg_roll_note(relation->roll, key, bit, now))
		return;
	cg_readrecords_drain(reads, CG_DUE_SHOWN);
	cg_roll_empty(relation->roll);
	(void) cg_roll_note(relation->roll, key, bit, now);
}

bool
cg_reads_is_permitted(CgReads *reads, const CgSite *site)
{
	const ReadRelation *relation = cg_reads_relation(reads, site->relid);

	return relation->permission.granted && !cg_reads_is_not_meant(relation, site->attnum);
}

void
cg_reads_look_up(CgReads *reads, Oid relid, List *attnums)
{
	ReadRelation *relation = cg_reads_relation(reads, relid);
	ListCell   *lc;

	cg_readrecords_put_query(reads);
	foreach(lc, attnums)
		relation->looked_up |= cg_reads_bit(relation, lfirst_int(lc));
	relation->looked_up_at = GetCurrentTimestamp();
}

void
cg_reads_compare(CgReads *reads, Oid relid, List *attnums, bool check)
{
	ReadRelation *relation = cg_reads_relation(reads, relid);
	uint64	   *columns = check ? &relation->checked : &relation->compared;
	ListCell   *lc;

	if (cg_permission_is_whole(&relation->permission))
		return;
	cg_readrecords_put_query(reads);
	foreach(lc, attnums)
		*columns |= cg_reads_bit(relation, lfirst_int(lc));
	relation->looked_up_at = GetCurrentTimestamp();
}

bool
cg_reads_is_open(CgReads *reads, Oid relid, const char *customer)
{
	ReadRelation *relation = cg_reads_relation(reads, relid);
	TimestampTz now = GetCurrentTimestamp();
	Read	   *read;

	if (cg_reads_permits(reads, relation, now))
		return true;
	read = cg_reads_find(reads, relation, customer);
	if (read && is_shown_still(read, now))
		return true;
	if (!cg_windows_may_be_open(&reads->actor, customer))
		return false;
	if (read == NULL)
		read = cg_reads_add(reads, relation, customer);
	cg_readlooks_look_up(reads, read, true, now);
	return read->shown;
}

/* The last look is less than a second old, and its window has not ended. */
static bool
is_shown_still(const Read *read, TimestampTz now)
{
	return read->shown && now < read->until &&
		now >= read->decided_at && now - read->decided_at < CG_VERDICT_USECS;
}

static bool
decide_by_window(CgReads *reads, ReadRelation *relation, const CgSite *site,
				 const CgCustomerKey *key, TimestampTz now)
{
	Read	   *read;
	const char *customer;
	bool		may_be_open;

	if (key == NULL)
	{
		cg_withheld_note(reads, cg_withheld_nobody(reads, relation), site, now);
		return false;
	}
	customer = cg_customerkey_print(key);
	if ((site->flags & CG_SITE_RELAY) != 0)
	{
		cg_withheld_relayed(reads, relation, site, customer, now);
		return false;
	}
	read = cg_reads_find(reads, relation, customer);
	if (read && is_shown_still(read, now))
	{
		note_shown(reads, read, site->attnum, now);
		return true;
	}
	may_be_open = cg_windows_may_be_open(&reads->actor, customer);
	if (read == NULL)
	{
		if (!may_be_open && cg_withheld_is_crowd(reads, relation, site, now))
			return false;
		read = cg_reads_add(reads, relation, customer);
		cg_readlooks_look_up(reads, read, may_be_open, now);
	}
	else if (read->shown || may_be_open)
		cg_readlooks_look_up(reads, read, may_be_open, now);
	if (read->shown)
		note_shown(reads, read, site->attnum, now);
	else
		cg_withheld_note(reads, read, site, now);
	return read->shown;
}

Read *
cg_reads_find(CgReads *reads, ReadRelation *relation, const char *customer)
{
	ReadKey		key = {relation, customer};
	ReadEntry  *entry;

	if (reads->first && reads->first->relation == relation && strcmp(reads->first->customer, customer) == 0)
		return reads->first;
	entry = reads->set ? readset_lookup(reads->set, key) : NULL;
	return entry ? entry->read : NULL;
}

static Read *
make_read(ReadRelation *relation, const char *customer, MemoryContext context)
{
	Read	   *read = MemoryContextAllocZero(context, sizeof(Read));

	read->relation = relation;
	read->customer = MemoryContextStrdup(context, customer);
	read->closed_at = CG_NO_TIME;
	read->reason = CG_REASON_NO_WINDOW;
	return read;
}

Read *
cg_reads_add(CgReads *reads, ReadRelation *relation, const char *customer)
{
	ReadKey		key = {relation, customer};
	ReadEntry  *entry;
	Read	   *read;
	bool		found;

	if (reads->first == NULL)
		return reads->first = make_read(relation, customer, reads->context);
	if (reads->set == NULL)
	{
		reads->read_context = AllocSetContextCreate(reads->context, "contact_guard reads", ALLOCSET_DEFAULT_SIZES);
		reads->set = readset_create(reads->read_context, 16, NULL);
	}
	else if (reads->set->members >= CG_READS_MAX)
	{
		cg_readrecords_drain(reads, CG_DUE_ANSWER);
		MemoryContextReset(reads->read_context);
		reads->set = readset_create(reads->read_context, 1024, NULL);
	}
	read = make_read(relation, customer, reads->read_context);
	key.customer = read->customer;
	entry = readset_insert(reads->set, key, &found);
	entry->read = read;
	return read;
}

static void
note_shown(CgReads *reads, Read *read, AttrNumber attnum, TimestampTz now)
{
	uint64		bit = cg_reads_bit(read->relation, attnum);

	if ((read->noted[1] & bit) != 0)
		return;
	cg_readrecords_put_query(reads);
	if (read->fresh[1] == 0)
		read->read_at[1] = now;
	read->noted[1] |= bit;
	read->fresh[1] |= bit;
	if (!read->dirty)
	{
		read->dirty = true;
		read->next_dirty = NULL;
		*reads->dirty_end = read;
		reads->dirty_end = &read->next_dirty;
	}
}
