/*
 * gate.c
 *		The gate: restricts the functions that may run below a trusted function or a
 *		question for windows.
 *
 * A pinned search_path is not enough.  PL/pgSQL keeps the types that a function was first
 * compiled with for the session, its prepared expressions for the transaction, and casts
 * for both.  If a reader has called an unpinned function first, a later call below a
 * trusted function would use the reader's meaning of its text on stored values.  So while
 * a trusted function is on the stack, every function that PostgreSQL prepares for a call
 * must be allowed below it (trust.h): fmgr_info() asks needs_fmgr_hook.  It does not ask
 * about functions with settings of their own and SECURITY DEFINER functions; these pass
 * fmgr_hook at each call.
 *
 * A trusted function has settings, or is in C and needs_fmgr_hook returns true for it.  So
 * each of its calls passes fmgr_hook, and everything that it keeps was made below the
 * gate.  But PL/pgSQL keeps casts and the checks of domains for all functions together.
 * If these call a function that is not allowed, needs_fmgr_hook returns true for that
 * function outside of the gate, too.  Then each call of it passes fmgr_hook, which refuses
 * it below the gate.
 *
 * A function that the text of the trusted function does not show must satisfy more: see
 * unnamed.c.
 *
 * The question for windows runs with the rights of the relation's owner, and decides which
 * values are shown.  It is planned and run as if a trusted function asked it.
 *
 * Built-ins are not checked.  Those that run text as SQL run it below the gate.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/names.h"
#include "base/special.h"
#include "base/xactend.h"
#include "policy/ask.h"
#include "policy/gate.h"
#include "policy/pinned.h"
#include "policy/quiet.h"
#include "policy/steady.h"
#include "policy/trust.h"
#include "policy/trustlabel.h"

/* A trusted function under way. */
typedef struct Call
{
	const FmgrInfo *flinfo;		/* PostgreSQL's; calls that overlap do not share it */
	int			depth;			/* the depth before the call */
	uint64		number;			/* of the call, in this session */
	int			nestlevel;		/* of settings that the gate made for the call, or 0 */
	bool		quiet;			/* the result of cg_quiet_begin() */
} Call;

static needs_fmgr_hook_type prev_needs_fmgr = NULL;
static fmgr_hook_type prev_fmgr = NULL;

/*
 * Settings that print plans, which are switched off during a trusted function.  Its own
 * settings, or those of the gate, make a level of settings that ends with the call.
 */
static const char *const talkative[] = {
	"debug_print_parse", "debug_print_rewritten", "debug_print_plan"
};

static int	depth = 0;			/* number of trusted functions and questions under way */
static bool refused = false;	/* the gate has refused a function since a question began */
static Call *calls = NULL;		/* in TopMemoryContext */
static int	ncalls = 0;
static uint64 numbers = 0;		/* given to calls in this session */
static int	maxcalls = 0;

static bool gate_needs_fmgr(Oid function);
static void gate_fmgr(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg);
static void gate_xact(XactEvent event);
static void require_allowed(Oid function);
static void refuse_void(Oid function);
static void begin_trusted_call(FmgrInfo *flinfo);
static void pin_path(Call *call);
static bool end_trusted_call(FmgrInfo *flinfo, bool aborted);

void
cg_gate_init(void)
{
	prev_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = gate_needs_fmgr;
	prev_fmgr = fmgr_hook;
	fmgr_hook = gate_fmgr;
	cg_xactend_on_event(gate_xact);
}

/* Trusted functions, and the quiet that they have begun, end with the transaction. */
static void
gate_xact(XactEvent event)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (ncalls > 0)
		cg_quiet_end(calls[0].quiet);
	depth = ncalls = 0;
}

int
cg_gate_enter(void)
{
	cg_special_note();
	refused = false;
	return depth++;
}

void
cg_gate_leave(int was)
{
	depth = was;
	refused = false;
}

uint64
cg_gate_call(void)
{
	return ncalls > 0 ? calls[ncalls - 1].number : 0;
}

const FmgrInfo *
cg_gate_function(void)
{
	return ncalls > 0 ? calls[ncalls - 1].flinfo : NULL;
}

bool
cg_gate_has_refused(void)
{
	return refused;
}

static void
require_allowed(Oid function)
{
	if (cg_ask_is_running() ? cg_trust_may_decide(function) : cg_trust_is_allowed_below(function))
		return;
	/* Built-ins in SQL look names up on the search_path, which is pinned here. */
	if (function < FirstNormalObjectId && cg_ask_is_running() && cg_steady_is(function))
		return;
	refused = true;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("function %s cannot be called here: it is not trusted with stored values",
					cg_names_function(function)),
			 ncalls > 0 && cg_trust_is_allowed(function) ?
			 errdetail("Trusted function %s calls it through a cast, or through a name that a built-in function or operator has, too. Its owner is neither a superuser nor a member of role \"contact_guard_admin\".",
					   cg_names_function(calls[ncalls - 1].flinfo->fn_oid)) :
			 ncalls > 0 ? errdetail("Trusted function %s calls it, directly or through another function.",
									cg_names_function(calls[ncalls - 1].flinfo->fn_oid)) :
			 errdetail("Its result would decide whether a window is open."),
			 errhint("%s", cg_trustlabel_mend(function))));
}

/*
 * The definition of a guarded table calls functions that an admin has trusted.  A user may
 * have replaced one while the library was not loaded, in order to see the values.
 */
static void
refuse_void(Oid function)
{
	if (cg_trust_is_void(function))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s cannot be called: its definition is not the one that was trusted with stored values",
						cg_names_function(function)),
				 errdetail("It was changed while contact_guard was not loaded."),
				 errhint("Check its definition, then run: %s Or withdraw the trust with contact_guard.distrust_function().",
						 cg_trustlabel_mend(function))));
}

/* PostgreSQL asks this for each function that it prepares for calls, in every session. */
static bool
gate_needs_fmgr(Oid function)
{
	if (depth > 0)
		require_allowed(function);
	else if (cg_trust_is_any() && (cg_trust_is_carried(function) || cg_trust_is_void(function)))
		return true;
	if (cg_trust_is_any() && cg_trust_is_trusted(function) && cg_pinned_by_gate(function))
		return true;
	return prev_needs_fmgr && prev_needs_fmgr(function);
}

/* PostgreSQL calls this for functions with settings, and those for which we returned true. */
static void
gate_fmgr(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg)
{
	if (prev_fmgr)
		prev_fmgr(event, flinfo, arg);
	switch (event)
	{
		case FHET_START:
			if (cg_trust_is_any() && cg_trust_is_trusted(flinfo->fn_oid))
				begin_trusted_call(flinfo);
			else if (depth > 0)
				require_allowed(flinfo->fn_oid);
			else if (cg_trust_is_any())
				refuse_void(flinfo->fn_oid);
			break;
		case FHET_ABORT:
			if (end_trusted_call(flinfo, true))
				cg_quiet_hide_parameters();
			break;
		case FHET_END:
			(void) end_trusted_call(flinfo, false);
			break;
	}
}

static void
begin_trusted_call(FmgrInfo *flinfo)
{
	if (!cg_trust_is_usable(flinfo->fn_oid, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s cannot be called by role \"%s\"",
						cg_names_function(flinfo->fn_oid), GetUserNameFromId(GetUserId(), false)),
				 errdetail("A schema of its search_path does not exist, or the role may not use it; a temporary object could take the place of what is there."),
				 errhint("Grant USAGE on all schemas of its search_path.")));
	if (ncalls == maxcalls)
	{
		int			wanted = maxcalls > 0 ? maxcalls * 2 : 16;

		calls = calls ? repalloc(calls, wanted * sizeof(Call))
			: MemoryContextAlloc(TopMemoryContext, wanted * sizeof(Call));
		maxcalls = wanted;
	}
	calls[ncalls].flinfo = flinfo;
	pin_path(&calls[ncalls]);
	/* They print plans to the client, with values that planning has put into the plans. */
	if (Debug_print_parse || Debug_print_rewritten || Debug_print_plan)
		for (int i = 0; i < lengthof(talkative); i++)
			(void) set_config_option(talkative[i], "off", PGC_USERSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);
	cg_special_note();
	calls[ncalls].number = ++numbers;
	calls[ncalls].depth = depth;
	calls[ncalls].quiet = cg_quiet_begin(true);
	ncalls++;
	depth++;
}

static void
pin_path(Call *call)
{
	call->nestlevel = 0;
	if (!cg_pinned_by_gate(call->flinfo->fn_oid))
		return;
	call->nestlevel = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * True if the function was trusted when the call began; that may have changed since.
 * After an error the end of the transaction restores settings, as for other functions.
 */
static bool
end_trusted_call(FmgrInfo *flinfo, bool aborted)
{
	if (ncalls == 0 || calls[ncalls - 1].flinfo != flinfo)
		return false;
	ncalls--;
	depth = calls[ncalls].depth;
	cg_quiet_end(calls[ncalls].quiet);
	if (calls[ncalls].nestlevel > 0 && !aborted)
		AtEOXact_GUC(true, calls[ncalls].nestlevel);
	return true;
}
