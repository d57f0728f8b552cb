/*
 * written.c
 *		Masks that an application sends back as values to be stored.
 *
 * An application may copy a customer, or write all columns of a row that it read as a
 * new row.  If it read a mask, the stored mask would look like a value.  Most masks are
 * recognised by their form.  Some forms are also those of real values (a pseudonym, one
 * or two stars).  For them the masks that this session has made are remembered, in a
 * table of hashes where new entries overwrite old ones.  A mask "null" cannot be
 * recognised.
 *
 * The check is a check option of our own, unmasked(column, site): PostgreSQL evaluates it
 * on the row that is really stored, after triggers and in its partition, and not on a row
 * that ON CONFLICT does not insert.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/refused.h"
#include "read/execution.h"
#include "read/inserts.h"
#include "read/reveal.h"
#include "read/written.h"

#define MADE_SLOTS 8192			/* a power of two; 64 kB */

PG_FUNCTION_INFO_V1(cg_unmasked);

static uint64 *made_masks = NULL;

static uint64 hash_value(Datum value, Oid type);
static bool is_given_number(const CgRevealState *state, Datum value);

/* The padding of a char(n) is not part of its value.  The result is never 0. */
static uint64
hash_value(Datum value, Oid type)
{
	text	   *packed;

	if (type != TEXTOID && type != VARCHAROID && getBaseType(type) == BPCHAROID)
		value = DirectFunctionCall1(rtrim1, value);
	packed = DatumGetTextPP(value);
	return hash_bytes_extended((const unsigned char *) VARDATA_ANY(packed),
							   VARSIZE_ANY_EXHDR(packed), 0) | 1;
}

void
cg_written_remember(const CgMask *mask, Datum made, Oid type)
{
	uint64		hash;

	if (!cg_mask_tells(mask) || cg_mask_has_form(mask, made, type))
		return;
	if (made_masks == NULL)
		made_masks = MemoryContextAllocZero(TopMemoryContext, sizeof(uint64) * MADE_SLOTS);
	hash = hash_value(made, type);
	made_masks[(hash >> 1) % MADE_SLOTS] = hash;
}

bool
cg_written_is_mask(const CgMask *mask, Datum value, Oid type, int32 typmod)
{
	uint64		hash;

	switch (mask->kind)
	{
		case CG_MASK_NULL:
			return false;
		case CG_MASK_CONSTANT:
			return cg_mask_is_constant(mask, value, type, typmod);
		default:
			if (cg_mask_has_form(mask, value, type))
				return true;
			if (made_masks == NULL)
				return false;
			hash = hash_value(value, type);
			return made_masks[(hash >> 1) % MADE_SLOTS] == hash;
	}
}

/*
 * Could resolve() dial it?  Then whoever writes it says who the customer is.  A text without
 * a digit is no number, and a default may be one.
 */
static bool
is_given_number(const CgRevealState *state, Datum value)
{
	return (state->site.flags & CG_SITE_RELAY) != 0 &&
		strpbrk(TextDatumGetCString(value), "0123456789") != NULL &&
		get_attgenerated(state->site.relid, state->site.attnum) == '\0';
}

/* An actor with a standing permission is shown every value, so the value is not a mask. */
static void
require_unmasked_columns(const CgRevealState *state, Datum value)
{
	bool		is_mask = cg_written_is_mask(&state->mask, value, state->type, state->typmod);
	CgReads    *reads;

	if (!is_mask && !is_given_number(state, value))
		return;
	reads = IsParallelWorker() ? NULL : cg_execution_reads();
	if (reads && cg_reads_is_permitted(reads, &state->site))
		return;
	if (is_mask)
		cg_written_refuse(state);
	cg_written_refuse_relay(state->site);
}

/*
 * unmasked(value, site, ...): throws an ERROR rather than return false, since the error
 * of a check option would print the row.  It is declared for one column, but called once
 * for all columns of a relation.  Not strict, since NULL fails a check option.
 * The last arguments may be ctid, site, columns, site, where the site has no column: these
 * note the row (inserts.h), once its values are known to be no masks.
 */
Datum
cg_unmasked(PG_FUNCTION_ARGS)
{
	CgRevealState **states = fcinfo->flinfo->fn_extra;
	int			ncolumns = PG_NARGS() / 2;

	if (states == NULL)
		states = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, ncolumns * sizeof(CgRevealState *));
	for (int i = 0; i < ncolumns; i++)
	{
		CgSite		site;

		if (PG_ARGISNULL(2 * i + 1))
			continue;
		site = cg_site_unpack(PG_GETARG_INT64(2 * i + 1));
		if (site.attnum == InvalidAttrNumber)
		{
			if (!PG_ARGISNULL(2 * i))
				cg_inserts_note(site.relid, (ItemPointer) PG_GETARG_POINTER(2 * i),
								(uint64) PG_GETARG_INT64(2 * i + 2));
			break;
		}
		if (PG_ARGISNULL(2 * i))
			continue;
		if (states[i] == NULL)
			states[i] = cg_reveal_begin(fcinfo, 2 * i, PG_GETARG_INT64(2 * i + 1));
		require_unmasked_columns(states[i], PG_GETARG_DATUM(2 * i));
	}
	/* cg_reveal_begin() has set fn_extra to one of the states. */
	fcinfo->flinfo->fn_extra = states;
	PG_RETURN_BOOL(true);
}

void
cg_written_refuse(const CgRevealState *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the mask of guarded column %s cannot be stored", cg_reveal_site_name(state->site)),
			 cg_refused_relation(state->site.relid, state->site.attnum),
			 errhint("The value is the mask of a withheld value. Leave the column out, or give the value itself.")));
}

void
cg_written_refuse_relay(CgSite site)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("guarded column %s cannot be written", cg_reveal_site_name(site)),
			 cg_refused_relation(site.relid, site.attnum),
			 errhint("The column is reached by relay. Only a role with a standing permission writes it: see contact_guard.allow().")));
}
