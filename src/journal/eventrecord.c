/*
 * eventrecord.c
 *		Records of changes to the policy.
 *
 * A journal message cannot be taken back, but a transaction can abort.  So a change is
 * noted with its subtransaction, and its record is written just before the commit.  If
 * the commit then fails, the log has a record of a change that did not happen.  That
 * error is better than a change without a record.  But a record that explains what the log
 * lacks must not outlive its transaction: it has the number of the transaction, and the
 * recorder says in it whether that has committed (log/outcome.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/objects.h"
#include "base/roles.h"
#include "base/special.h"
#include "base/xactend.h"
#include "journal/eventrecord.h"
#include "journal/journal.h"
#include "journal/messages.h"

typedef struct Change
{
	int			level;			/* transaction nesting */
	TimestampTz at;
	CgActor		actor;
	CgEvent		event;
	char	   *customer;		/* or NULL */
	int64		count;
	char	   *what;
	bool		evidence;		/* it explains what the log lacks: see cg_eventrecord_event() */
} Change;

static List *changes = NIL;		/* in TopTransactionContext */

static void policyrecord_xact(XactEvent event);
static void policyrecord_subxact(SubXactEvent event, SubTransactionId mySubid,
								 SubTransactionId parentSubid, void *arg);
static void note_event(CgEvent event, const char *customer, int64 count, const char *what, bool evidence);
static void put_change(const Change *change);
static void refuse_prepare_evidence(void);
static void write_changes(void);

PG_FUNCTION_INFO_V1(cg_record_policy);

void
cg_eventrecord_init(void)
{
	cg_xactend_on_event(policyrecord_xact);
	RegisterSubXactCallback(policyrecord_subxact, NULL);
}

static void
note_event(CgEvent event, const char *customer, int64 count, const char *what, bool evidence)
{
	MemoryContext oldcontext;
	Change	   *change;

	/* pg_upgrade sets the labels of the old cluster again, and no recorder runs. */
	if (IsBinaryUpgrade)
		return;
	/* The script of an older version runs; this library's version has no journal yet. */
	if (cg_objects_is_creating() && cg_objects_is_other_version())
		return;
	/* This may wait and fail, so it is called here and not at the commit. */
	cg_journal_require();
	oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	change = palloc(sizeof(Change));
	change->level = GetCurrentTransactionNestLevel();
	change->at = GetCurrentTimestamp();
	change->actor = cg_actor_current();
	change->event = event;
	change->customer = customer ? pstrdup(cg_record_customer(customer)) : NULL;
	change->count = count;
	change->what = pstrdup(what);
	change->evidence = evidence;
	cg_special_note();
	changes = lappend(changes, change);
	MemoryContextSwitchTo(oldcontext);
}

void
cg_eventrecord_event(CgEvent event, const char *customer, int64 count, const char *what)
{
	note_event(event, customer, count, what, true);
}

void
cg_eventrecord_write(CgEvent event, const char *customer, int64 count, const char *what)
{
	Change		change = {
		.at = GetCurrentTimestamp(),
		.actor = cg_actor_current(),
		.event = event,
		.customer = customer ? unconstify(char *, cg_record_customer(customer)) : NULL,
		.count = count,
		.what = unconstify(char *, what),
	};

	cg_journal_require();
	put_change(&change);
	cg_messages_write();
}

void
cg_eventrecord_add(const char *format,...)
{
	StringInfoData what;

	initStringInfo(&what);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&what, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&what, needed);
	}
	note_event(CG_EVENT_POLICY, NULL, 1, what.data, false);
}

Datum
cg_record_policy(PG_FUNCTION_ARGS)
{
	/* The owner of the function can always call it, but must not invent records. */
	if (!creating_extension)
		cg_roles_require_admin("write a record of the policy");
	cg_eventrecord_add("%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

static void
policyrecord_xact(XactEvent event)
{
	if (changes == NIL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare_evidence();
			write_changes();
			break;
		case XACT_EVENT_PRE_COMMIT:
			write_changes();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_ABORT:
			changes = NIL;
			break;
		default:
			break;
	}
}

static void
policyrecord_subxact(SubXactEvent event, SubTransactionId mySubid, SubTransactionId parentSubid,
					 void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *lc;

	foreach(lc, changes)
	{
		Change	   *change = lfirst(lc);

		if (change->level < level)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			changes = foreach_delete_current(changes, lc);
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			change->level = level - 1;
	}
}

/* Puts the record into the buffer of messages.h. */
static void
put_change(const Change *change)
{
	CgRecordContext context = {
		.actor = change->actor.name,
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
		.identity = change->actor.identity,
	};
	CgRecord	record = {
		.event = change->event,
		.read_at = change->at,
		.customer = change->customer,
		.count = change->count,
		.closed_at = CG_NO_TIME,
		.reason = change->what,
	};

	/* A transaction that can be prepared may end after any time, so the recorder must not wait for it. */
	if (change->evidence)
		record.transaction = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
	cg_record_put_context(cg_messages_buffer(), &context);
	cg_messages_put(&record);
}

/*
 * ROLLBACK PREPARED would leave the record of a purge or an erasure that did not happen, and with
 * such a record somebody could explain rows that he has removed himself.
 */
static void
refuse_prepare_evidence(void)
{
	ListCell   *lc;

	foreach(lc, changes)
	{
		if (((const Change *) lfirst(lc))->evidence)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot PREPARE a transaction that has changed what the access log must contain"),
					 errdetail("The record of a purge, an erasure or a hold cannot be taken back by ROLLBACK PREPARED."),
					 errhint("Call the function in a transaction of its own, and commit it.")));
	}
}

static pg_noinline void
write_changes(void)
{
	ListCell   *lc;

	foreach(lc, changes)
		put_change(lfirst(lc));
	cg_messages_write();
	if (!cg_messages_flush())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of the policy's change")));
}

char *
cg_eventrecord_text_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(n)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s must not be empty", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}
