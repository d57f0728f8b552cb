/*
 * keep.c
 *		keep(), which decides what an assignment to a guarded column stores.
 *
 * keep(value, stored, customer, site): an actor who is shown the stored value may
 * replace it.  Any other actor may write back the mask, as an ORM does that writes all
 * columns of a row; then the stored value stays.  So it does where a trusted trigger keeps
 * two tables in step (instep.h).  Everything else is refused.
 *
 * Only actors with a standing permission may change the customer key itself.  Others
 * could give a row to a customer at whom they have an open intervention, and so see it.
 * Actions of foreign keys have rules of their own: see referential.c.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "base/customerkey.h"
#include "base/refused.h"
#include "journal/journal.h"
#include "read/execution.h"
#include "read/instep.h"
#include "read/referential.h"
#include "read/reveal.h"
#include "read/written.h"

PG_FUNCTION_INFO_V1(cg_keep);

static void refuse_to_write(const CgRevealState *state);
static bool may_store(FunctionCallInfo fcinfo, CgRevealState *state, CgReads *reads);
static bool is_mask(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads);
static bool is_in_step(FunctionCallInfo fcinfo, const CgRevealState *state);
static bool is_written_back(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads);
static bool is_same_value(FunctionCallInfo fcinfo, const CgRevealState *state, Datum other, bool other_isnull);

Datum
cg_keep(PG_FUNCTION_ARGS)
{
	CgRevealState *state = fcinfo->flinfo->fn_extra;
	CgReads    *reads;
	int			result = 0;		/* the number of the argument that is stored */

	if (PG_ARGISNULL(3) || IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("keep() can be called only by contact_guard's rewrite of a query")));
	if (state == NULL)
		state = cg_reveal_begin(fcinfo, 2, PG_GETARG_INT64(3));
	reads = cg_execution_reads();
	if (reads == NULL)
		cg_reveal_refuse_here(state);
	if (!may_store(fcinfo, state, reads))
	{
		if (!is_written_back(fcinfo, state, reads) && !is_in_step(fcinfo, state))
			refuse_to_write(state);
		result = 1;
	}
	else if (is_mask(fcinfo, state, reads))
	{
		if (!is_written_back(fcinfo, state, reads))
			cg_written_refuse(state);
		result = 1;
	}
	fcinfo->isnull = PG_ARGISNULL(result);
	return fcinfo->isnull ? (Datum) 0 : PG_GETARG_DATUM(result);
}

static void
refuse_to_write(const CgRevealState *state)
{
	if ((state->site.flags & CG_SITE_RELAY) != 0)
		cg_written_refuse_relay(state->site);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s %s cannot be written", state->is_key ? "customer key" : "guarded column",
					cg_reveal_site_name(state->site)),
			 cg_refused_relation(state->site.relid, state->site.attnum),
			 !state->is_key ? errhint("There is no open intervention at this customer. Leave the column out of the UPDATE, or use a role with a standing permission: see contact_guard.allow().") :
			 cg_referential_is_action() ? errhint("The action of a foreign key would give the row to another customer. Use a role with a standing permission on this relation: see contact_guard.allow().") :
			 errhint("Only a role with a standing permission can give a row to another customer: see contact_guard.allow().")));
}

/* Records its verdict.  A row without a customer needs a standing permission. */
static bool
may_store(FunctionCallInfo fcinfo, CgRevealState *state, CgReads *reads)
{
	CgCustomerKey key;

	if (state->is_key)
		return cg_reads_is_permitted(reads, &state->site) ||
			(PG_ARGISNULL(0) && cg_referential_is_action());
	if (PG_ARGISNULL(2))
		return cg_reads_decide(reads, &state->site, NULL);
	if (PG_NARGS() > 4 && (state->site.flags & CG_SITE_RELAY) == 0 &&
		cg_reveal_is_own(fcinfo, 4, state, reads))
	{
		if (!cg_customerkey_take(PG_GETARG_DATUM(2), state->key_type, &key))
			cg_reveal_refuse_here(state);
		return cg_reads_decide_own(reads, &state->site, &key);
	}
	if (!cg_customerkey_take(PG_GETARG_DATUM(2), state->key_type, &key))
		cg_reveal_refuse_here(state);
	return cg_reads_decide(reads, &state->site, &key);
}

/*
 * Is the new value a mask?  The actor may have read it before a window opened.  A value
 * that looks like a mask but is stored already is not one.
 */
static bool
is_mask(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads)
{
	return !state->is_key && !PG_ARGISNULL(0) &&
		cg_written_is_mask(&state->mask, PG_GETARG_DATUM(0), state->type, state->typmod) &&
		!is_same_value(fcinfo, state, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1)) &&
		!cg_reads_is_permitted(reads, &state->site);
}

/* Is the new value the same that the actor was shown? */
static bool
is_written_back(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads)
{
	Datum		seen = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	bool		seen_isnull = PG_ARGISNULL(1);

	if (!state->is_key && !seen_isnull)
		seen = cg_mask_apply(&state->mask, seen, state->type, state->typmod,
							 cg_reads_actor(reads)->name, cg_journal_key(), &seen_isnull);
	return is_same_value(fcinfo, state, seen, seen_isnull);
}

/* Does a trusted trigger write the stored value over itself? */
static bool
is_in_step(FunctionCallInfo fcinfo, const CgRevealState *state)
{
	return !state->is_key && !PG_ARGISNULL(2) &&
		cg_instep_is_update(cg_customerkey_text(PG_GETARG_DATUM(2), state->key_type)) &&
		is_same_value(fcinfo, state, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1));
}

static bool
is_same_value(FunctionCallInfo fcinfo, const CgRevealState *state, Datum other, bool other_isnull)
{
	int16		typlen;
	bool		typbyval;

	if (PG_ARGISNULL(0) || other_isnull)
		return PG_ARGISNULL(0) && other_isnull;
	get_typlenbyval(state->type, &typlen, &typbyval);
	return datum_image_eq(PG_GETARG_DATUM(0), other, typbyval, typlen);
}
