/*
 * outcome.c
 *		What became of the transaction that a record speaks of.
 *
 * The record of a window that moved, or of an act such as a purge, is written just before the
 * commit.  If that fails, or the server does, the record is of a change that nobody has seen.  That
 * of a window must not accuse whom it names.  That of an act must not explain, for ever, why rows
 * are missing, nor end a hold.  PostgreSQL knows which transactions have committed.
 *
 * Where the commit has only to be flushed, it is a moment away.  Where it waits for a standby,
 * it is done here already.  But the record itself is acknowledged by standbys before the commit is
 * written.  Anybody who may write interventions could take long there, so a record of his is stored
 * as it is.  Acts are for admins, and their records are evidence: so what became of them is waited
 * for, as the recorder waits for the locks of a purge.
 */
#include "postgres.h"

#include "access/transam.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/xid8.h"

#include "journal/reason.h"
#include "log/outcome.h"

/* A flush may take long on a slow disk. */
#define PATIENCE_MS 10000
#define NAP_MS 10

typedef enum Outcome
{
	OUTCOME_COMMITTED,
	OUTCOME_ABORTED,
	OUTCOME_UNDER_WAY,
	OUTCOME_FORGOTTEN			/* PostgreSQL does not know it any more */
} Outcome;

static const char *status_of(FullTransactionId transaction);
static Outcome outcome_now(FullTransactionId transaction);
static Outcome await_outcome(FullTransactionId transaction, bool act);
static void add_reason(CgRecord *record, const char *reason);
static void mark_act(CgRecord *record, Outcome outcome);

/* As pg_xact_status() says it; NULL: it was so long ago that nothing is known. */
static const char *
status_of(FullTransactionId transaction)
{
	LOCAL_FCINFO(fcinfo, 1);
	Datum		result;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = FullTransactionIdGetDatum(transaction);
	fcinfo->args[0].isnull = false;
	result = pg_xact_status(fcinfo);
	return fcinfo->isnull ? NULL : TextDatumGetCString(result);
}

static Outcome
outcome_now(FullTransactionId transaction)
{
	const char *status = status_of(transaction);

	if (status == NULL)
		return OUTCOME_FORGOTTEN;
	if (strcmp(status, "aborted") == 0)
		return OUTCOME_ABORTED;
	return strcmp(status, "committed") == 0 || TransactionIdDidCommit(XidFromFullTransactionId(transaction)) ?
		OUTCOME_COMMITTED : OUTCOME_UNDER_WAY;
}

/* act: it is waited for without an end. */
static Outcome
await_outcome(FullTransactionId transaction, bool act)
{
	/* The one that was asked last, since a message has many records of one. */
	static FullTransactionId known = {0};
	static Outcome outcome = OUTCOME_COMMITTED;

	if (FullTransactionIdEquals(known, transaction))
		return outcome;
	/* Of another server, whose number has not come here. */
	if (!FullTransactionIdPrecedes(transaction, ReadNextFullTransactionId()))
		return OUTCOME_UNDER_WAY;
	for (int waited = 0;; waited += NAP_MS)
	{
		Outcome		now = outcome_now(transaction);

		if (now == OUTCOME_UNDER_WAY && waited >= PATIENCE_MS && !act)
			return now;
		if (now != OUTCOME_UNDER_WAY)
		{
			known = transaction;
			return outcome = now;
		}
		if (waited == PATIENCE_MS)
			ereport(LOG,
					(errmsg("contact_guard's recorder waits for transaction %u, whose record it has read",
							XidFromFullTransactionId(transaction)),
					 errdetail("The transaction has called purge(), erase_customer() or another function whose record is evidence, and has neither committed nor aborted.")));
		CHECK_FOR_INTERRUPTS();
		pg_usleep(NAP_MS * 1000);
	}
}

static void
add_reason(CgRecord *record, const char *reason)
{
	record->reason = record->reason ? psprintf("%s; %s", record->reason, reason) : reason;
}

/*
 * Of what is not known, nothing may be explained: a superuser who keeps the recorder from its work,
 * until PostgreSQL has forgotten the transaction, must not win by that.
 */
static void
mark_act(CgRecord *record, Outcome outcome)
{
	if (outcome != OUTCOME_COMMITTED)
		record->reason = psprintf("%s%s", outcome == OUTCOME_ABORTED ? CG_REASON_UNDONE : CG_REASON_UNSURE,
								  record->reason ? record->reason : "");
}

void
cg_outcome_add(CgRecord *record, bool relaxed)
{
	bool		act = record->event != CG_EVENT_WINDOW;

	if (record->transaction != 0)
	{
		Outcome		outcome = await_outcome(FullTransactionIdFromU64(record->transaction), act);

		if (act)
			mark_act(record, outcome);
		else if (outcome == OUTCOME_ABORTED)
			add_reason(record, CG_REASON_NOT_COMMITTED);
		else if (outcome == OUTCOME_UNDER_WAY)
			add_reason(record, CG_REASON_UNDER_WAY);
	}
	if (relaxed)
		add_reason(record, CG_REASON_RELAXED);
}
