/*
 * reveal.c
 *		reveal(), the one function that every guarded value passes through.
 *
 * It refuses to run in a parallel worker and outside of an execution: its record could
 * be lost there, and its verdict could be wrong.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "read/called.h"
#include "read/folding.h"
#include "replication/walsender.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/uuid.h"

#include "base/copystate.h"
#include "base/customerkey.h"
#include "base/guc.h"
#include "base/refused.h"
#include "base/site.h"
#include "journal/forward.h"
#include "journal/journal.h"
#include "policy/ask.h"
#include "policy/policy.h"
#include "policy/policycache.h"
#include "read/around.h"
#include "read/execution.h"
#include "read/inserts.h"
#include "read/reveal.h"
#include "read/transition.h"
#include "read/written.h"

PG_FUNCTION_INFO_V1(cg_reveal);
PG_FUNCTION_INFO_V1(cg_reveal_nullable);
PG_FUNCTION_INFO_V1(cg_site_in);
PG_FUNCTION_INFO_V1(cg_site_out);
PG_FUNCTION_INFO_V1(cg_site_recv);

/* What the catalogs say about the columns that were revealed last; by relid and attnum. */
typedef struct KnownColumn
{
	Oid			relid;
	AttrNumber	attnum;
	Oid			type;
	int32		typmod;
	uint64		at;				/* the number of invalidations at the look-up */
} KnownColumn;

#define KNOWN_COLUMNS 16		/* a power of two */

static KnownColumn known_columns[KNOWN_COLUMNS];

static void look_up_type(CgRevealState *state);
static Datum withhold(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads);
static bool is_stored(const CgRevealState *state);
static void refuse_to_choose(const CgRevealState *state);
static void refuse_to_store(const CgRevealState *state);
static void refuse_to_copy(const CgRevealState *state, CgReads *reads);

/* Each execution needs the type of the column, and to look it up costs more than the rest. */
static void
look_up_type(CgRevealState *state)
{
	KnownColumn *known = &known_columns[(state->site.relid + state->site.attnum) % KNOWN_COLUMNS];
	uint64		before = cg_policycache_invalidations();
	Oid			collation;

	if (known->relid != state->site.relid || known->attnum != state->site.attnum || known->at != before)
	{
		known->relid = InvalidOid;
		get_atttypetypmodcoll(state->site.relid, state->site.attnum, &known->type, &known->typmod, &collation);
		known->relid = state->site.relid;
		known->attnum = state->site.attnum;
		known->at = before;
	}
	state->type = known->type;
	state->typmod = known->typmod;
}

CgRevealState *
cg_reveal_begin(FunctionCallInfo fcinfo, int key, int64 packed)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	CgRevealState *state = palloc0(sizeof(CgRevealState));
	const CgPolicy *policy;
	const CgGuarded *guarded;

	state->site = cg_site_unpack(packed);
	policy = cg_policy_get(state->site.relid);
	guarded = policy ? cg_policy_column(policy, state->site.attnum) : NULL;
	state->is_key = policy && policy->customer == state->site.attnum;
	if ((guarded == NULL && !state->is_key) || policy->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the policy of column %s has changed", cg_reveal_site_name(state->site)),
				 errhint("Run the statement again.")));
	state->site.flags &= ~CG_SITE_RELAY;
	if (guarded)
	{
		state->mask = guarded->mask;
		state->site.flags |= guarded->relay ? CG_SITE_RELAY : 0;
	}
	if (state->mask.constant)
		state->mask.constant = pstrdup(state->mask.constant);
	look_up_type(state);
	state->key_type = get_fn_expr_argtype(fcinfo->flinfo, key);
	if (!cg_customerkey_is_plain(state->key_type))
		state->key_type = getBaseType(state->key_type);
	MemoryContextSwitchTo(oldcontext);
	fcinfo->flinfo->fn_extra = state;
	return state;
}

bool
cg_reveal_is_own(FunctionCallInfo fcinfo, int first, const CgRevealState *state, const CgReads *reads)
{
	return PG_NARGS() > first + 1 && !PG_ARGISNULL(first) && !PG_ARGISNULL(first + 1) &&
		PG_GETARG_OID(first) == state->site.relid &&
		cg_inserts_is_own(cg_reads_actor(reads), state->site.relid,
						  (ItemPointer) PG_GETARG_POINTER(first + 1), state->site.attnum);
}

Datum
cg_reveal(PG_FUNCTION_ARGS)
{
	CgRevealState *state = fcinfo->flinfo->fn_extra;
	CgCustomerKey key;
	bool		has_key = !PG_ARGISNULL(1);
	CgReads    *reads;

	/* An outer join without a match gives NULL, which tells nothing about a customer. */
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("reveal() can be called only by contact_guard's rewrite of a query")));
	/* A function that reads guarded columns may be marked PARALLEL SAFE by mistake. */
	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("guarded columns cannot be read in a parallel worker"),
				 errhint("A function that reads them must be PARALLEL RESTRICTED or UNSAFE.")));
	if (state == NULL)
		state = cg_reveal_begin(fcinfo, 1, PG_GETARG_INT64(2));

	/* The verdict must not depend on values that only some actors may see. */
	if (cg_ask_is_running())
	{
		fcinfo->isnull = true;
		return (Datum) 0;
	}
	if (RecoveryInProgress() && !cg_forward_is_on())
	{
		static bool warned = false;

		refuse_to_store(state);
		if (!warned)
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("guarded columns are withheld on a standby"),
					 errhint("Their reads can only be recorded on the primary. See contact_guard.standby_reads.")));
		warned = true;
		fcinfo->isnull = true;
		return (Datum) 0;
	}

	/* A trusted trigger gets the rows of its transition tables as a row trigger gets OLD and NEW. */
	if ((state->site.flags & CG_SITE_TRANSITION) != 0 && cg_transition_is_trusted())
		return PG_GETARG_DATUM(0);
	reads = cg_execution_reads();
	if (reads == NULL || (has_key && !cg_customerkey_take(PG_GETARG_DATUM(1), state->key_type, &key)))
		cg_reveal_refuse_here(state);
	if (!(PG_NARGS() > 3 && cg_reveal_is_own(fcinfo, 3, state, reads) ?
		  cg_reads_decide_own(reads, &state->site, has_key ? &key : NULL) :
		  cg_reads_decide(reads, &state->site, has_key ? &key : NULL)))
		return withhold(fcinfo, state, reads);
	if (has_key && key.text)
		pfree(key.text);
	if (cg_copies == CG_COPIES_REFUSE && (state->site.flags & CG_SITE_GUARDED) == 0)
		refuse_to_copy(state, reads);
	cg_folding_require_unkept(state->site.relid, state->site.attnum);
	if ((state->site.flags & CG_SITE_EAGER) != 0 || cg_copystate_now()->leaves)
		cg_execution_settle_or_fail(CG_DUE_SHOWN);
	return PG_GETARG_DATUM(0);
}

/* The same for a customer key that may be NULL: this function is not strict. */
Datum
cg_reveal_nullable(PG_FUNCTION_ARGS)
{
	return cg_reveal(fcinfo);
}

void
cg_reveal_refuse_here(const CgRevealState *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("guarded column %s cannot be used here", cg_reveal_site_name(state->site)),
			 cg_refused_relation(state->site.relid, state->site.attnum)));
}

static Datum
withhold(FunctionCallInfo fcinfo, const CgRevealState *state, CgReads *reads)
{
	Datum		mask;

	refuse_to_store(state);
	refuse_to_choose(state);
	cg_folding_require_unkept(state->site.relid, state->site.attnum);
	mask = cg_mask_apply(&state->mask, PG_GETARG_DATUM(0), state->type, state->typmod,
						 cg_reads_actor(reads)->name, cg_journal_key(), &fcinfo->isnull);
	if (!fcinfo->isnull)
		cg_written_remember(&state->mask, mask, state->type);
	return mask;
}

/* May the value become part of a row that the statement stores? */
static bool
is_stored(const CgRevealState *state)
{
	return (state->site.flags & CG_SITE_FLOWS) != 0 &&
		((state->site.flags & CG_SITE_STORES) != 0 || cg_around_stores());
}

/* Refuses to store a value that an open intervention shows, where copies are refused. */
static void
refuse_to_copy(const CgRevealState *state, CgReads *reads)
{
	if (cg_reads_is_permitted(reads, &state->site))
		return;
	if (is_stored(state))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("values of guarded column %s cannot be copied", cg_reveal_site_name(state->site)),
				 cg_refused_relation(state->site.relid, state->site.attnum),
				 errhint("An open intervention shows them, but a copy would outlive it. A standing permission allows copies: see contact_guard.allow(), and the setting contact_guard.copies.")));
	cg_around_note_folded(false);
}

/*
 * A mask is made for display.  If it were stored, it would look like the value.  So
 * a withheld value is an error where rows are stored, and for programs such as pg_dump.
 * A subscription's first copy comes through a walsender, and is stored, too.
 */
static void
refuse_to_store(const CgRevealState *state)
{
	if (!row_security || am_walsender)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg(am_walsender ? "values of guarded column %s would be withheld from a replication connection" :
						"values of guarded column %s would be withheld, and row_security is off",
						cg_reveal_site_name(state->site)),
				 cg_refused_relation(state->site.relid, state->site.attnum),
				 errhint("To copy all rows, use a role with a standing permission: see contact_guard.allow().")));
	if (is_stored(state))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("withheld values of guarded column %s cannot be stored", cg_reveal_site_name(state->site)),
				 cg_refused_relation(state->site.relid, state->site.attnum),
				 errhint("There is no open intervention that shows them, and a mask is never stored. Use a role with a standing permission: see contact_guard.allow().")));
}

/*
 * A mask must not decide which rows are written: a clean-up must not empty a table
 * because all masked numbers look alike.  A choice of rows that writes nothing is
 * remembered for a later WHERE CURRENT OF.
 */
static void
refuse_to_choose(const CgRevealState *state)
{
	bool		decides = (state->site.flags & CG_SITE_DECIDES) != 0;
	bool		orders = (state->site.flags & CG_SITE_ORDERS) != 0;
	bool		flows = (state->site.flags & CG_SITE_FLOWS) != 0;

	if ((decides && (state->site.flags & CG_SITE_WRITES) != 0) ||
		((decides || orders) && cg_around_stores()) ||
		((decides || orders || flows) && cg_around_deletes()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("withheld values of guarded column %s would decide which rows are written",
						cg_reveal_site_name(state->site)),
				 cg_refused_relation(state->site.relid, state->site.attnum),
				 errdetail("A condition on column \"%s\" has read a mask. Every condition counts, also IS NULL and IS NOT NULL.",
						   get_attname(state->site.relid, state->site.attnum, false)),
				 errhint("Choose the rows by other columns, or with a standing permission: see contact_guard.allow().")));
	cg_called_note_mask(state->site.relid, state->site.attnum, decides || orders, flows);
	cg_around_note_folded(true);
	cg_around_note_choice(decides, orders, flows);
}

char *
cg_reveal_site_name(CgSite site)
{
	char	   *relation = get_rel_name(site.relid);
	char	   *column = relation ? get_attname(site.relid, site.attnum, true) : NULL;

	if (column == NULL)
		return psprintf("%u.%d", site.relid, site.attnum);
	return psprintf("%s.%s",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(site.relid)), relation),
					quote_identifier(column));
}

Datum
cg_site_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(cg_reveal_site_name(cg_site_unpack(PG_GETARG_INT64(0))));
}

static void
refuse_input(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("values of type contact_guard.site cannot be written"),
			 errhint("reveal() is called by contact_guard's rewrite of a query, never by the query itself.")));
}

Datum
cg_site_in(PG_FUNCTION_ARGS)
{
	refuse_input();
	PG_RETURN_NULL();
}

Datum
cg_site_recv(PG_FUNCTION_ARGS)
{
	refuse_input();
	PG_RETURN_NULL();
}
