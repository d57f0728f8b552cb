/*
 * searched.c
 *		The rows that a search compares, of one relation in one execution.
 *
 * Names wait until a part of the answer leaves.  Then they are written, and stand.  A count
 * is written with the first part of the answer, and what came later at the end.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "read/searched.h"

typedef struct Compared
{
	CgCustomerKey key;
	char	   *customer;		/* its text: the door allocates nothing */
	int64		rows;
	bool		found;			/* another row of him was, so he is on record as shown */
	bool		written;
} Compared;

struct CgSearched
{
	MemoryContext context;
	Compared   *names;			/* room for CG_SEARCHED_NAMES */
	int			count;
	bool		any;			/* a row was compared */
	bool		has_last;		/* a row that was compared, and not found so far */
	bool		last_is_known;	/* it has a customer: */
	CgCustomerKey last;
	char	   *last_text;		/* for its text; NULL: none */
	size_t		last_room;
	bool		crowd;			/* there were more customers: all rows are counted */
	int64		uncounted;		/* rows that are in no record and have no name */
	char	   *failed;			/* whom an error may tell of; NULL: nobody */
	bool		required;
	bool		begun;			/* there is a record */
};

static bool is_same_customer(const CgCustomerKey *a, const CgCustomerKey *b);
static Compared *find_name(CgSearched *searched, const CgCustomerKey *key);
static void count_names(CgSearched *searched);
static void settle_last(CgSearched *searched);
static void keep_last(CgSearched *searched, const CgCustomerKey *key);

CgSearched *
cg_searched_create(MemoryContext context)
{
	CgSearched *searched = MemoryContextAllocZero(context, sizeof(CgSearched));

	searched->context = context;
	searched->names = MemoryContextAlloc(context, CG_SEARCHED_NAMES * sizeof(Compared));
	return searched;
}

void
cg_searched_require(CgSearched *searched)
{
	searched->required = true;
}

static bool
is_same_customer(const CgCustomerKey *a, const CgCustomerKey *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CG_KEY_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->low == b->low && a->high == b->high;
}

static Compared *
find_name(CgSearched *searched, const CgCustomerKey *key)
{
	/* A customer's rows often follow each other. */
	for (int i = searched->count - 1; i >= 0; i--)
		if (is_same_customer(&searched->names[i].key, key))
			return &searched->names[i];
	return NULL;
}

/* The names that no record has become numbers. */
static void
count_names(CgSearched *searched)
{
	searched->crowd = true;
	for (int i = 0; i < searched->count; i++)
		if (!searched->names[i].found && !searched->names[i].written)
			searched->uncounted += searched->names[i].rows;
}

/* The last row has not been found. */
static void
settle_last(CgSearched *searched)
{
	const CgCustomerKey *key = searched->last_is_known ? &searched->last : NULL;
	Compared   *name = searched->crowd || key == NULL ? NULL : find_name(searched, key);

	if (!searched->has_last)
		return;
	searched->has_last = false;
	if (key && name == NULL && !searched->crowd && searched->count == CG_SEARCHED_NAMES)
		count_names(searched);
	if (name)
		name->rows++;
	else if (key == NULL || searched->crowd)
		searched->uncounted++;
	else
	{
		name = &searched->names[searched->count];
		*name = (Compared) {.key = *key, .rows = 1};
		name->customer = MemoryContextStrdup(searched->context, cg_customerkey_print(key));
		if (key->text)
			name->key.text = name->customer;
		searched->count++;
	}
}

/* The key is kept until the next row comes. */
static void
keep_last(CgSearched *searched, const CgCustomerKey *key)
{
	size_t		length;

	searched->has_last = true;
	searched->last_is_known = key != NULL;
	if (key == NULL)
		return;
	searched->last = *key;
	if (key->text == NULL)
		return;
	length = strlen(key->text) + 1;
	if (length > searched->last_room)
	{
		searched->last_room = Max(length, 64);
		searched->last_text = MemoryContextAlloc(searched->context, searched->last_room);
	}
	memcpy(searched->last_text, key->text, length);
	searched->last.text = searched->last_text;
}

bool
cg_searched_note(CgSearched *searched, const CgCustomerKey *key)
{
	bool		first = !searched->any;

	searched->any = true;
	settle_last(searched);
	keep_last(searched, key);
	return first;
}

void
cg_searched_find(CgSearched *searched, const CgCustomerKey *key)
{
	Compared   *name = searched->crowd || key == NULL ? NULL : find_name(searched, key);

	if (name)
		name->found = true;
	if (searched->has_last && searched->last_is_known == (key != NULL) &&
		(key == NULL || is_same_customer(&searched->last, key)))
		searched->has_last = false;
}

void
cg_searched_fail(CgSearched *searched)
{
	if (!searched->has_last || !searched->last_is_known || !searched->crowd)
		return;
	searched->has_last = false;
	searched->failed = MemoryContextStrdup(searched->context, cg_customerkey_print(&searched->last));
}

bool
cg_searched_owes(const CgSearched *searched, CgDue due)
{
	if (searched->required && !searched->begun)
		return true;
	if (due == CG_DUE_SHOWN)
		return false;
	if (searched->failed || searched->has_last || (searched->uncounted > 0 && (due == CG_DUE_END || !searched->begun)))
		return true;
	for (int i = 0; i < searched->count && !searched->crowd; i++)
		if (!searched->names[i].found && !searched->names[i].written)
			return true;
	return false;
}

void
cg_searched_drain(CgSearched *searched, CgDue due, CgSearchedWriter writer, void *arg)
{
	bool		answers = due != CG_DUE_SHOWN;

	if (!cg_searched_owes(searched, due))
		return;
	if (answers)
		settle_last(searched);
	if (answers && searched->failed)
	{
		writer(arg, searched->failed, 1);
		searched->failed = NULL;
		searched->begun = true;
	}
	for (int i = 0; i < searched->count && answers && !searched->crowd; i++)
	{
		Compared   *name = &searched->names[i];

		if (name->found || name->written)
			continue;
		writer(arg, name->customer, 1);
		name->written = searched->begun = true;
	}
	if ((answers && searched->uncounted > 0 && (due == CG_DUE_END || !searched->begun)) ||
		(searched->required && !searched->begun))
	{
		writer(arg, NULL, answers ? searched->uncounted : 0);
		searched->uncounted = answers ? 0 : searched->uncounted;
		searched->begun = true;
	}
}
