/*
 * outcome.c
 *		What became of the transaction that a record speaks of.
 *
 * The record of a window that moved is written just before the commit.  If that fails, or the
 * server does, the record is of a change that nobody has seen, and must not accuse whom it
 * names.  PostgreSQL knows which transactions have committed.
 *
 * Where the commit has only to be flushed, it is a moment away.  Where it waits for a standby,
 * it is done here already.
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

static const char *status_of(FullTransactionId transaction);
static const char *commit_outcome(FullTransactionId transaction);
static void add_reason(CgRecord *record, const char *reason);

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

/* NULL: it has committed, or that is not known any more. */
static const char *
commit_outcome(FullTransactionId transaction)
{
	/* The one that was asked last, since a message has many records of one. */
	static FullTransactionId known = {0};
	static const char *outcome = NULL;

	if (FullTransactionIdEquals(known, transaction))
		return outcome;
	/* Of another server, whose number has not come here. */
	if (!FullTransactionIdPrecedes(transaction, ReadNextFullTransactionId()))
		return CG_REASON_UNDER_WAY;
	for (int waited = 0;; waited += NAP_MS)
	{
		const char *status = status_of(transaction);

		if (status == NULL || strcmp(status, "committed") == 0)
			outcome = NULL;
		else if (strcmp(status, "aborted") == 0)
			outcome = CG_REASON_NOT_COMMITTED;
		else if (TransactionIdDidCommit(XidFromFullTransactionId(transaction)))
			outcome = NULL;
		else if (waited >= PATIENCE_MS)
			return CG_REASON_UNDER_WAY;
		else
		{
			CHECK_FOR_INTERRUPTS();
			pg_usleep(NAP_MS * 1000);
			continue;
		}
		known = transaction;
		return outcome;
	}
}

static void
add_reason(CgRecord *record, const char *reason)
{
	record->reason = record->reason ? psprintf("%s; %s", record->reason, reason) : reason;
}

void
cg_outcome_add(CgRecord *record, bool relaxed)
{
	const char *outcome = record->transaction == 0 ? NULL :
		commit_outcome(FullTransactionIdFromU64(record->transaction));

	if (outcome)
		add_reason(record, outcome);
	if (relaxed)
		add_reason(record, CG_REASON_RELAXED);
}
