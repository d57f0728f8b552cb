/*
 * callfuncs.c
 *		call_answered(), call_ended() and calls_to_end(): a gateway tells how a call goes.
 *
 * They look at the calls of the gateway that asks, and at no others.  Only calls_to_end()
 * asks for windows, so a lock on a table of the CRM delays that function alone, and no
 * signalling of a call.  A window that cannot be asked for is not known to be open, so its call
 * is to end, and the others are asked for nevertheless.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "base/result.h"
#include "relay/calls.h"
#include "relay/contactrecord.h"
#include "relay/contacts.h"
#include "relay/gateway.h"

PG_FUNCTION_INFO_V1(cg_call_answered);
PG_FUNCTION_INFO_V1(cg_call_ended);
PG_FUNCTION_INFO_V1(cg_calls_to_end);

#define CODE_OK 200
/* The gateway's own timer ends a call at the end that it was told. */
#define GRACE_SECONDS 3
/* What cannot be asked for may take so long in a poll; the calls that are left are to end. */
#define FAILED_MSECS 100

/* A call that goes on. */
typedef struct Running
{
	uint8		call[CG_CALL_HASH];
	uint8		token[CG_TOKEN_HASH];
	TimestampTz closes_at;
	char	   *handle;			/* or NULL */
} Running;

static bool find_running(FunctionCallInfo fcinfo, CgCall *call);
static const char *outcome_of(FunctionCallInfo fcinfo);
static void take_running(HeapTuple row, TupleDesc tupdesc, void *arg);
static bool is_to_end(const Running *running);
static void limit_waits(int64 failed);
static bool is_to_end_or_unknown(const Running *running, int64 *failed);

/* The call that the first argument names, if it was put through and has not ended. */
static bool
find_running(FunctionCallInfo fcinfo, CgCall *call)
{
	uint8		hash[CG_CALL_HASH];

	(void) cg_calls_hash(cg_gateway_text(fcinfo, 0), hash);
	return cg_calls_find(hash, call) && call->code == CODE_OK && !call->ended;
}

Datum
cg_call_answered(PG_FUNCTION_ARGS)
{
	CgCall		call;

	cg_gateway_require("call_answered");
	if (!find_running(fcinfo, &call) || call.answered_at != 0)
		PG_RETURN_INT32(0);
	cg_calls_answered(&call, cg_gateway_text(fcinfo, 1));
	PG_RETURN_INT32(1);
}

/* It goes into the record, so it is one of a few texts. */
static const char *
outcome_of(FunctionCallInfo fcinfo)
{
	static const char *const outcomes[] = {"ended", "not answered", "not reached", "end not seen"};
	char	   *outcome = cg_gateway_text(fcinfo, 1);

	for (int i = 0; i < lengthof(outcomes); i++)
		if (strcmp(outcome, outcomes[i]) == 0)
			return outcomes[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid outcome of a call"),
			 errhint("Outcomes are ended, not answered, not reached and end not seen.")));
}

Datum
cg_call_ended(PG_FUNCTION_ARGS)
{
	const char *outcome = outcome_of(fcinfo);
	CgCall		call;
	CgContact  *contact;

	cg_gateway_require("call_ended");
	if (!find_running(fcinfo, &call))
		PG_RETURN_INT32(0);
	cg_calls_ended(&call);
	/* Without its token nobody is left to be named. */
	contact = cg_contacts_find(call.token);
	if (contact)
	{
		CgContactEvent ended = {
			.event = CG_EVENT_CONTACT_END,
			.channel = call.channel,
			.direction = call.direction,
			.reason = outcome,
			.call = cg_calls_number(call.call),
		};

		if (!PG_ARGISNULL(2))
			ended.count = Max(PG_GETARG_INT32(2), 0);
		else if (call.answered_at != 0)
			ended.count = Max((GetCurrentTimestamp() - call.answered_at) / USECS_PER_SEC, 0);
		cg_contactrecord_write(&ended, contact);
	}
	PG_RETURN_INT32(1);
}

static void
take_running(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	List	  **all = arg;
	Running    *running = palloc0(sizeof(Running));
	bool		isnull;
	Datum		value;

	memcpy(running->call, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 1, &isnull))), CG_CALL_HASH);
	memcpy(running->token, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 2, &isnull))), CG_TOKEN_HASH);
	running->closes_at = DatumGetTimestampTz(SPI_getbinval(row, tupdesc, 3, &isnull));
	value = SPI_getbinval(row, tupdesc, 4, &isnull);
	running->handle = isnull ? NULL : TextDatumGetCString(value);
	*all = lappend(*all, running);
}

static bool
is_to_end(const Running *running)
{
	TimestampTz now = GetCurrentTimestamp();
	CgWindow	window;
	CgContact  *contact;

	if (now >= running->closes_at && now - running->closes_at < GRACE_SECONDS * USECS_PER_SEC)
		return false;
	contact = cg_contacts_find(running->token);
	return contact == NULL || cg_contacts_lapse(contact) || !cg_contacts_is_open(contact, &window);
}

static void
limit_waits(int64 failed)
{
	int			left = (int) Max(FAILED_MSECS - failed / 1000, 1);

	if (LockTimeout > 0 && LockTimeout < left)
		return;
	(void) set_config_option("lock_timeout", psprintf("%d", left), PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Asks in a subtransaction.  Only an end of the statement or of the session is thrown.  The
 * log gets no message of the CRM's, which may have a value, and one for all calls of a poll.
 * failed: microseconds that were spent on what could not be asked for.  One lock may reach all
 * calls, and the poll must answer before a statement_timeout ends it.
 */
static bool
is_to_end_or_unknown(const Running *running, int64 *failed)
{
	TimestampTz since = GetCurrentTimestamp();
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool result = true;

	if (*failed >= FAILED_MSECS * 1000)
		return true;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		int			nestlevel = NewGUCNestLevel();

		limit_waits(*failed);
		result = is_to_end(running);
		AtEOXact_GUC(true, nestlevel);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
			ReThrowError(error);
		if (*failed == 0)
			ereport(LOG,
					(errcode(error->sqlerrcode),
					 errmsg("windows of calls cannot be asked for, so these calls are to end")));
		*failed += Max(GetCurrentTimestamp() - since, 1);
		result = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return result;
}

Datum
cg_calls_to_end(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(GetOuterUserId())};
	int64		failed = 0;
	List	   *all = NIL;
	ListCell   *lc;
	Datum	   *row;
	bool	   *nulls;

	InitMaterializedSRF(fcinfo, 0);
	row = palloc(sizeof(Datum) * result->setDesc->natts);
	nulls = palloc(sizeof(bool) * result->setDesc->natts);
	cg_gateway_require("calls_to_end");
	cg_owncommand_query("SELECT call, token, closes_at, handle FROM contact_guard.contact_call "
						"WHERE gateway = $1 AND code = 200 AND answered_at IS NOT NULL AND ended_at IS NULL",
						1, types, values, take_running, &all);
	foreach(lc, all)
	{
		Running    *running = lfirst(lc);
		char		hash[2 * CG_CALL_HASH + 1];

		if (!is_to_end_or_unknown(running, &failed))
			continue;
		hex_encode((char *) running->call, CG_CALL_HASH, hash);
		hash[2 * CG_CALL_HASH] = '\0';
		{
			CgResultColumn columns[] = {
				{"call_id", TEXTOID, CStringGetTextDatum(psprintf(CG_CALL_REFERENCE "%s", hash))},
				{"handle", TEXTOID, running->handle ? CStringGetTextDatum(running->handle) : (Datum) 0, running->handle == NULL},
			};

			cg_result_fill(result->setDesc, columns, lengthof(columns), row, nulls);
			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
		}
	}
	return (Datum) 0;
}
