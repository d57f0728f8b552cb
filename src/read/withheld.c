/*
 * withheld.c
 *		What an execution withholds: whom its records name, and what is only counted.
 *
 * A record of a withheld value is to say who wanted to see whom.  An execution that
 * withholds from many customers was a list or a search, and the first hundred of them say
 * nothing about anybody.  So it has one record with the number of rows, and names
 * nobody.  Names are therefore held back until the execution ends, or until the door
 * passes a part of its answer on: a record must be in WAL by then.  If more customers
 * come after that, those names stand, and the rest is counted.
 *
 * A condition reads the values of all rows that it looks at, so a search is counted as
 * soon as it has withheld from two customers.  A search that looked at a single one names
 * him: his row was found by something else.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/guc.h"
#include "journal/journal.h"
#include "journal/reason.h"
#include "policy/windows.h"
#include "read/readrecords.h"
#include "read/reads_private.h"

static void make_way(CgReads *reads);
static void become_crowd(CgReads *reads);
static void count_instead(Read *read);
static ReadRelation *aside_of(CgReads *reads, const ReadRelation *relation, ReadRelation **place, const char *reason);
static void hold_name(CgReads *reads, Read *read, const CgSite *site, TimestampTz now);

void
cg_withheld_count_row(CgReads *reads, ReadRelation *relation, AttrNumber attnum, TimestampTz now)
{
	cg_readrecords_put_query(reads);
	if (relation->counted == InvalidAttrNumber)
		relation->counted = attnum;
	relation->columns |= cg_reads_bit(relation, attnum);
	if (relation->counted == attnum)
	{
		if (relation->uncounted++ == 0)
			relation->read_at = now;
	}
}

/* Kept with the relation: any key in the hash table could be the key of a customer. */
Read *
cg_withheld_nobody(CgReads *reads, ReadRelation *relation)
{
	if (relation->nobody == NULL)
	{
		relation->nobody = MemoryContextAllocZero(reads->context, sizeof(Read));
		relation->nobody->relation = relation;
		relation->nobody->closed_at = CG_NO_TIME;
		relation->nobody->reason = relation->reason ? relation->reason : CG_REASON_NO_CUSTOMER;
	}
	return relation->nobody;
}

/* Before the first record of an execution that withholds. */
static void
make_way(CgReads *reads)
{
	if (!reads->made_way)
		cg_journal_make_way();
	reads->made_way = true;
}

bool
cg_withheld_is_crowd(CgReads *reads, ReadRelation *relation, const CgSite *site, TimestampTz now)
{
	make_way(reads);
	if (!reads->crowd && reads->named >= cg_withheld_detail)
		become_crowd(reads);
	if (reads->crowd)
		cg_withheld_count_row(reads, relation, site->attnum, now);
	return reads->crowd;
}

void
cg_withheld_note(CgReads *reads, Read *read, const CgSite *site, TimestampTz now)
{
	make_way(reads);
	if (read->customer && !read->named)
	{
		if (cg_withheld_is_crowd(reads, read->relation, site, now))
			return;
		read->named = true;
		reads->named++;
	}
	/* In a crowd those keep their names whose records have been written. */
	if (reads->crowd && read->customer && !read->written)
		cg_withheld_count_row(reads, read->relation, site->attnum, now);
	else
		hold_name(reads, read, site, now);
}

static void
hold_name(CgReads *reads, Read *read, const CgSite *site, TimestampTz now)
{
	ReadRelation *relation = read->relation;
	uint64		bit = cg_reads_bit(relation, site->attnum);

	if (relation->counted == InvalidAttrNumber)
		relation->counted = site->attnum;
	if (relation->counted == site->attnum)
		read->rows++;
	if ((site->flags & (CG_SITE_DECIDES | CG_SITE_FLOWS)) != CG_SITE_DECIDES)
		read->flowed = true;
	if ((read->noted[0] & bit) != 0)
		return;
	cg_readrecords_put_query(reads);
	if (read->fresh[0] == 0)
		read->read_at[0] = now;
	read->noted[0] |= bit;
	read->fresh[0] |= bit;
	if (!read->held)
	{
		read->held = true;
		read->next_held = NULL;
		*reads->held_end = read;
		reads->held_end = &read->next_held;
	}
}

/* The names that are held become numbers. */
static void
become_crowd(CgReads *reads)
{
	Read	   *read = reads->held;

	reads->crowd = true;
	reads->held = NULL;
	reads->held_end = &reads->held;
	while (read)
	{
		Read	   *next = read->next_held;

		read->held = false;
		if (read->customer && !read->written)
			count_instead(read);
		else
		{
			read->held = true;
			read->next_held = NULL;
			*reads->held_end = read;
			reads->held_end = &read->next_held;
		}
		read = next;
	}
}

static void
count_instead(Read *read)
{
	ReadRelation *relation = read->relation;

	if (relation->uncounted == 0 || read->read_at[0] < relation->read_at)
		relation->read_at = read->read_at[0];
	relation->uncounted += Max(read->rows, 1);
	relation->columns |= read->fresh[0];
	read->fresh[0] = 0;
	read->rows = 0;
}

static bool
is_searched(const Read *read)
{
	return read->customer && !read->flowed && !read->written;
}

void
cg_withheld_settle(CgReads *reads, CgWithheldWriter writer)
{
	int			searched = 0;

	for (Read *read = reads->held; read; read = read->next_held)
		searched += is_searched(read);
	while (reads->held)
	{
		Read	   *read = reads->held;

		if (searched > 1 && is_searched(read))
			count_instead(read);
		else
		{
			writer(read);
			read->written = true;
		}
		read->held = false;
		reads->held = read->next_held;
	}
	reads->held_end = &reads->held;
}

/*
 * The verdict of a Read is for a customer, and holds for all columns of the relation but
 * these.  So they have Reads of their own, in another ReadRelation that find_relation()
 * does not come to.
 */
static ReadRelation *
aside_of(CgReads *reads, const ReadRelation *relation, ReadRelation **place, const char *reason)
{
	if (*place == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(reads->context);
		ReadRelation *aside = palloc0(sizeof(ReadRelation));

		aside->relid = relation->relid;
		aside->names = relation->names;
		aside->reason = reason;
		reads->relations = lappend(reads->relations, aside);
		*place = aside;
		MemoryContextSwitchTo(oldcontext);
	}
	return *place;
}

ReadRelation *
cg_withheld_outside(CgReads *reads, ReadRelation *relation)
{
	return aside_of(reads, relation, &relation->outside, CG_REASON_TOKEN_COLUMNS);
}

/* No window and no permission shows it, so none is looked for. */
void
cg_withheld_not_meant(CgReads *reads, ReadRelation *outside, const CgSite *site, const CgCustomerKey *key,
					  TimestampTz now)
{
	const char *customer = key ? cg_customerkey_print(key) : NULL;
	Read	   *read = customer ? cg_reads_find(reads, outside, customer) : cg_withheld_nobody(reads, outside);

	if (read == NULL)
	{
		if (cg_withheld_is_crowd(reads, outside, site, now))
			return;
		read = cg_reads_add(reads, outside, customer);
		read->decided_at = now;
	}
	read->reason = cg_readlooks_lapse(reads, now);
	if (read->reason == NULL)
		read->reason = outside->reason;
	cg_withheld_note(reads, read, site, now);
}

/* An open window only gives a way to call: see relay/resolve.c. */
void
cg_withheld_relayed(CgReads *reads, ReadRelation *relation, const CgSite *site,
					const char *customer, TimestampTz now)
{
	ReadRelation *relayed = aside_of(reads, relation, &relation->relayed, NULL);
	Read	   *read = cg_reads_find(reads, relayed, customer);

	if (read == NULL)
	{
		bool		may_be_open = cg_windows_may_be_open(&reads->actor, customer);

		if (!may_be_open && cg_withheld_is_crowd(reads, relayed, site, now))
			return;
		read = cg_reads_add(reads, relayed, customer);
		cg_readlooks_look_up(reads, read, may_be_open, now);
		if (read->shown)
		{
			read->reason = CG_REASON_RELAY;
			read->intervention[0] = read->intervention[1];
		}
		read->shown = false;
	}
	cg_withheld_note(reads, read, site, now);
}
