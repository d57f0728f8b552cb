/*
 * roll.c
 *		The customers whom an execution was shown by a standing permission.
 *
 * They stand in an array in the order in which they came.  A hash table finds a key's
 * place in it.  Nobody needs one as long as there are few, or as keys only grow, which is
 * the order of a table that nobody has updated, and of an index.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "read/reads.h"
#include "read/roll.h"

#define FEW 8
/* Customers are sorted by their columns in so many passes; the rest comes as it stands. */
#define PASSES 8

typedef struct RollEntry
{
	uint64		high;
	int64		low;			/* or the text, by its address */
	TimestampTz read_at;
	uint64		noted;			/* columns */
	uint64		fresh;			/* those not yet in a record */
} RollEntry;

typedef struct RollSlot
{
	uint32		place;			/* in the array */
	uint32		hash;
	char		status;
} RollSlot;

struct rollset_hash;

struct CgRoll
{
	MemoryContext context;
	MemoryContext text_context; /* NULL: no texts */
	char		kind;
	uint32		number;
	uint32		room;
	uint32		fresh_from;		/* all before it are in records */
	TimestampTz read_at;		/* of the last customer who came */
	RollEntry  *entries;
	bool		unordered;		/* there was a key that is smaller than one before it */
	struct rollset_hash *places;	/* NULL: there are few, or they are in order */
};

static uint32 hash_of_place(const CgRoll *roll, uint32 place);
static bool is_same_key(const CgRoll *roll, uint32 a, uint32 b);
static int	compare_keys(const CgRoll *roll, uint32 a, uint32 b);

#define SH_PREFIX rollset
#define SH_ELEMENT_TYPE RollSlot
#define SH_KEY_TYPE uint32
#define SH_KEY place
#define SH_HASH_KEY(tb, key) hash_of_place((tb)->private_data, key)
#define SH_EQUAL(tb, a, b) is_same_key((tb)->private_data, a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The set that is being written: its memory is kept. */
static CgRecordSet set;

static void make_room(CgRoll *roll);
static uint32 ordered_place(CgRoll *roll);
static uint32 place_of(CgRoll *roll);
static void keep_key(CgRoll *roll, RollEntry *entry);
static uint32 write_set(CgRoll *roll, uint32 from, uint64 columns, bool run, CgRollWriter writer, void *arg);

CgRoll *
cg_roll_create(MemoryContext context)
{
	CgRoll	   *roll = MemoryContextAllocZero(context, sizeof(CgRoll));

	roll->context = context;
	return roll;
}

static uint32
hash_of_place(const CgRoll *roll, uint32 place)
{
	const RollEntry *entry = &roll->entries[place];
	uint64		mixed;

	if (roll->kind == CG_KEY_TEXT)
	{
		const char *text = (const char *) (intptr_t) entry->low;

		return hash_bytes((const unsigned char *) text, strlen(text));
	}
	/* As in the finaliser of MurmurHash3. */
	mixed = (uint64) entry->low ^ (entry->high * UINT64CONST(0x9e3779b97f4a7c15));
	mixed ^= mixed >> 33;
	mixed *= UINT64CONST(0xff51afd7ed558ccd);
	mixed ^= mixed >> 33;
	return (uint32) mixed;
}

static bool
is_same_key(const CgRoll *roll, uint32 a, uint32 b)
{
	const RollEntry *one = &roll->entries[a];
	const RollEntry *other = &roll->entries[b];

	if (roll->kind == CG_KEY_TEXT)
		return strcmp((const char *) (intptr_t) one->low, (const char *) (intptr_t) other->low) == 0;
	return one->low == other->low && one->high == other->high;
}

/* Any order will do, but that of texts by their addresses. */
static int
compare_keys(const CgRoll *roll, uint32 a, uint32 b)
{
	const RollEntry *one = &roll->entries[a];
	const RollEntry *other = &roll->entries[b];

	if (one->high != other->high)
		return one->high < other->high ? -1 : 1;
	if (one->low != other->low)
		return one->low < other->low ? -1 : 1;
	return 0;
}

/* The same where they are in order; a place past the last one: that is over. */
static uint32
ordered_place(CgRoll *roll)
{
	uint32		low = 0;
	uint32		high = roll->number;

	if (high == 0 || compare_keys(roll, high - 1, high) < 0)
		return high;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		int			order = compare_keys(roll, middle, roll->number);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return roll->number + 1;
}

/* For one more customer. */
static void
make_room(CgRoll *roll)
{
	if (roll->number < roll->room)
		return;
	if (roll->entries == NULL)
		roll->entries = MemoryContextAlloc(roll->context, sizeof(RollEntry) * FEW);
	else
		roll->entries = repalloc(roll->entries, sizeof(RollEntry) * 2 * roll->room);
	roll->room = roll->room == 0 ? FEW : 2 * roll->room;
}

/* Where the key stands that is behind the last one: there, if it is new. */
static uint32
place_of(CgRoll *roll)
{
	uint32		number = roll->number;
	bool		found;

	/* The columns of a row come one after the other. */
	if (number > 0 && is_same_key(roll, number - 1, number))
		return number - 1;
	if (!roll->unordered && roll->kind != CG_KEY_TEXT)
	{
		uint32		place = ordered_place(roll);

		if (place <= number)
			return place;
		roll->unordered = true;
	}
	if (roll->places == NULL)
	{
		if (number < FEW)
		{
			uint32		place = 0;

			while (place < number && !is_same_key(roll, place, number))
				place++;
			return place;
		}
		roll->places = rollset_create(roll->context, 4 * FEW, roll);
		for (uint32 place = 0; place < number; place++)
			(void) rollset_insert(roll->places, place, &found);
	}
	return rollset_insert(roll->places, number, &found)->place;
}

static void
keep_key(CgRoll *roll, RollEntry *entry)
{
	if (roll->kind != CG_KEY_TEXT)
		return;
	if (roll->text_context == NULL)
		roll->text_context = AllocSetContextCreate(roll->context, "contact_guard keys", ALLOCSET_DEFAULT_SIZES);
	entry->low = (intptr_t) MemoryContextStrdup(roll->text_context, (const char *) (intptr_t) entry->low);
}

/*
 * Customers who come within a millisecond have the time of the first of them.  An index of
 * the log keeps equal times in one entry, which saves 14 bytes a customer.  Nobody here is
 * shown because of a window, whose end would be compared with this time.
 */
static TimestampTz
time_of(CgRoll *roll, TimestampTz now)
{
	if (now < roll->read_at || now - roll->read_at >= USECS_PER_SEC / 1000)
		roll->read_at = now;
	return roll->read_at;
}

bool
cg_roll_note(CgRoll *roll, const CgCustomerKey *key, uint64 columns, TimestampTz now)
{
	RollEntry  *entry;
	uint32		place;

	if (roll->number >= CG_READS_MAX || (roll->number > 0 && roll->kind != key->kind))
		return false;
	make_room(roll);
	roll->kind = key->kind;
	entry = &roll->entries[roll->number];
	entry->high = key->high;
	entry->low = key->kind == CG_KEY_TEXT ? (int64) (intptr_t) key->text : key->low;
	entry->noted = entry->fresh = 0;
	place = place_of(roll);
	if (place == roll->number)
	{
		keep_key(roll, entry);
		roll->number++;
	}
	entry = &roll->entries[place];
	columns &= ~entry->noted;
	if (columns == 0)
		return true;
	if (entry->fresh == 0)
		entry->read_at = time_of(roll, now);
	entry->noted |= columns;
	entry->fresh |= columns;
	if (place < roll->fresh_from)
		roll->fresh_from = place;
	return true;
}

bool
cg_roll_owes(const CgRoll *roll)
{
	return roll->fresh_from < roll->number;
}

/*
 * Writes a set of those from a place on who have these fresh columns; run: up to the
 * first who has others.  Returns the place behind the last one that it has looked at.
 */
static uint32
write_set(CgRoll *roll, uint32 from, uint64 columns, bool run, CgRollWriter writer, void *arg)
{
	uint32		place = from;

	cg_recordset_reset(&set);
	while (place < roll->number && set.number < CG_RECORDSET_MAX && set.entries.len < CG_RECORDSET_BYTES)
	{
		RollEntry  *entry = &roll->entries[place];
		CgCustomerKey key = {roll->kind, entry->high, entry->low, NULL};

		if (run && entry->fresh != 0 && entry->fresh != columns)
			break;
		place++;
		if (entry->fresh != columns)
			continue;
		if (roll->kind == CG_KEY_TEXT)
			key.text = (char *) (intptr_t) entry->low;
		cg_recordset_add(&set, &key, entry->read_at);
	}
	if (set.number > 0)
		writer(arg, columns, &set);
	/* They are in a record only now: the writer may have thrown. */
	for (uint32 i = from; i < place; i++)
		if (roll->entries[i].fresh == columns)
			roll->entries[i].fresh = 0;
	return place;
}

void
cg_roll_drain(CgRoll *roll, CgRollWriter writer, void *arg)
{
	int			passes = 0;

	for (;;)
	{
		uint32		place;
		uint64		columns;
		bool		run = ++passes > PASSES;

		while (roll->fresh_from < roll->number && roll->entries[roll->fresh_from].fresh == 0)
			roll->fresh_from++;
		if (roll->fresh_from >= roll->number)
			return;
		place = roll->fresh_from;
		columns = roll->entries[place].fresh;
		if (run)
			(void) write_set(roll, place, columns, true, writer, arg);
		else
			while (place < roll->number)
				place = write_set(roll, place, columns, false, writer, arg);
	}
}

void
cg_roll_empty(CgRoll *roll)
{
	roll->number = roll->fresh_from = 0;
	roll->unordered = false;
	/* A table would have to be filled whenever order ends. */
	if (roll->places)
		rollset_destroy(roll->places);
	roll->places = NULL;
	if (roll->text_context)
		MemoryContextReset(roll->text_context);
}
