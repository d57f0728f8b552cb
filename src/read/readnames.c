/*
 * readnames.c
 *		The names of a relation and its guarded columns, as records have them.
 *
 * Each execution needs them, and to look them up in the catalogs, one by one, and to
 * quote them costs a point read more than its record.  So a few are kept, in one piece of
 * memory, until the relation or a schema changes.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/inval.h"
#include "base/names.h"
#include "read/readnames.h"

#define PLACES 16

typedef struct KnownNames
{
	Oid			relid;			/* InvalidOid: nothing is known */
	int			ncolumns;
	size_t		length;
	char	   *texts;			/* attnums, then the names, each with its zero byte */
} KnownNames;

static KnownNames known_names[PLACES];
static uint64 invalidations = 0;

static void readnames_inval_relation(Oid relid);
static void readnames_inval_schema(int cacheid, uint32 hashvalue);
static bool is_of_policy(const KnownNames *known, const CgPolicy *policy);
static void look_names_up(KnownNames *known, const CgPolicy *policy);

static void
readnames_inval_relation(Oid relid)
{
	invalidations++;
	for (int i = 0; i < PLACES; i++)
		if (!OidIsValid(relid) || known_names[i].relid == relid)
			known_names[i].relid = InvalidOid;
}

static void
readnames_inval_schema(int cacheid, uint32 hashvalue)
{
	readnames_inval_relation(InvalidOid);
}

/* A policy may have other columns now, though the relation is the same. */
static bool
is_of_policy(const KnownNames *known, const CgPolicy *policy)
{
	const AttrNumber *attnums = (const AttrNumber *) known->texts;

	if (known->relid != policy->relid || known->ncolumns != policy->nguarded)
		return false;
	for (int i = 0; i < known->ncolumns; i++)
		if (attnums[i] != policy->guarded[i].attnum)
			return false;
	return true;
}

/* Leaves the place empty if an error comes, or an invalidation. */
static void
look_names_up(KnownNames *known, const CgPolicy *policy)
{
	StringInfoData texts;
	char	   *name;
	uint64		before;
	Oid			relid = policy->relid;
	int			ncolumns = policy->nguarded;

	cg_inval_on_relation(readnames_inval_relation);
	cg_inval_on_catalog(NAMESPACEOID, readnames_inval_schema);
	before = invalidations;
	known->relid = InvalidOid;
	initStringInfo(&texts);
	for (int i = 0; i < ncolumns; i++)
		appendBinaryStringInfo(&texts, (const char *) &policy->guarded[i].attnum, sizeof(AttrNumber));
	name = cg_names_relation(relid);
	appendBinaryStringInfo(&texts, name, strlen(name) + 1);
	for (int i = 0; i < ncolumns; i++)
	{
		AttrNumber	attnum = ((AttrNumber *) texts.data)[i];

		name = get_attname(relid, attnum, false);
		appendBinaryStringInfo(&texts, name, strlen(name) + 1);
	}
	if (known->texts)
		pfree(known->texts);
	known->texts = NULL;
	known->texts = MemoryContextAlloc(TopMemoryContext, texts.len);
	memcpy(known->texts, texts.data, texts.len);
	known->length = texts.len;
	known->ncolumns = ncolumns;
	if (invalidations == before)
		known->relid = relid;
}

CgReadNames
cg_readnames_get(const CgPolicy *policy, MemoryContext context)
{
	KnownNames *known = &known_names[policy->relid % PLACES];
	CgReadNames names;
	char	   *text;

	if (!is_of_policy(known, policy))
		look_names_up(known, policy);
	text = MemoryContextAlloc(context, MAXALIGN(known->length) + sizeof(char *) * known->ncolumns);
	memcpy(text, known->texts, known->length);
	names.ncolumns = known->ncolumns;
	names.columns = (char **) (text + MAXALIGN(known->length));
	names.attnums = (AttrNumber *) text;
	text += sizeof(AttrNumber) * known->ncolumns;
	names.relation = text;
	for (int i = 0; i < names.ncolumns; i++)
	{
		text += strlen(text) + 1;
		names.columns[i] = text;
	}
	return names;
}
