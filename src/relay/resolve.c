/*
 * resolve.c
 *		resolve(): the number for a token, for the gateway alone.
 *
 * What it refuses is an answer, not an error, and always the same one: only the owner of a
 * token is told that his visit is over.  Each answer has a record, and that of a number is
 * flushed before the function returns.
 *
 * The same call may be asked for again, for a short time and with the same words: its answer
 * is made anew, but needs no second record while it stays the same, with the same number.  A
 * text is sent each time that its number is given out, so each has a record.  After that time,
 * or with other words, or behind its end, the id of a call is worn out.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/result.h"
#include "journal/reason.h"
#include "policy/policy.h"
#include "relay/calls.h"
#include "relay/contactrecord.h"
#include "relay/contacts.h"
#include "relay/gateway.h"
#include "relay/value.h"

PG_FUNCTION_INFO_V1(cg_resolve);

#define CODE_OK 200
#define CODE_CLOSED 403
#define CODE_NOT_FOUND 404
/* A SIP transaction is over after 32 seconds. */
#define REPEAT_SECONDS 60

typedef struct Ask
{
	const char *caller;
	const char *channel;
	CgCall		call;
	CgContact  *contact;		/* NULL: there is no such token */
} Ask;

typedef struct Answer
{
	int			code;
	const char *reason;			/* of a refusal, for the record */
	char	   *dial;
	CgWindow	window;			/* if dial is given */
} Answer;

static Answer refusal(int code, const char *reason);
static Answer answer_of(const Ask *ask);
static Answer answer_with_number(const CgContact *contact);
static bool is_repeated(const Ask *ask, const CgCall *before);
static bool is_on_record(const Ask *ask, const Answer *answer, const CgCall *before);
static void record_answer(const Ask *ask, const Answer *answer);
static Datum row_of(FunctionCallInfo fcinfo, const Answer *answer);

static Answer
refusal(int code, const char *reason)
{
	return (Answer) {.code = code, .reason = reason};
}

static Answer
answer_of(const Ask *ask)
{
	const CgContact *contact = ask->contact;
	CgWindow	window;

	if (contact == NULL)
		return refusal(CODE_NOT_FOUND, CG_REASON_NO_TOKEN);
	if (strcmp(contact->actor, ask->caller) != 0)
		return refusal(CODE_NOT_FOUND, CG_REASON_TOKEN_OF_ANOTHER);
	if (strcmp(contact->channel, ask->channel) != 0)
		return refusal(CODE_NOT_FOUND, CG_REASON_TOKEN_OF_CHANNEL);
	/* Whoever is both would only have to ask, and would have the number. */
	if (strcmp(contact->actor, GetUserNameFromId(GetSessionUserId(), false)) == 0 ||
		strcmp(contact->actor, GetUserNameFromId(GetOuterUserId(), false)) == 0)
		return refusal(CODE_NOT_FOUND, CG_REASON_OWN_GATEWAY);
	if (cg_contacts_lapse(contact))
		return refusal(CODE_NOT_FOUND, cg_contacts_lapse(contact));
	if (!cg_contacts_is_open(contact, &window))
		return refusal(CODE_CLOSED, CG_REASON_WINDOW_CLOSED);
	return answer_with_number(contact);
}

/* The policy may have changed since the token was made. */
static Answer
answer_with_number(const CgContact *contact)
{
	Answer		answer = refusal(CODE_NOT_FOUND, CG_REASON_NO_RELAY);
	Relation	rel = try_relation_open(contact->relation, AccessShareLock);
	const CgPolicy *policy = rel ? cg_policy_get(contact->relation) : NULL;
	const CgGuarded *guarded = policy ? cg_policy_column(policy, contact->attnum) : NULL;

	if (guarded && guarded->relay && !policy->broken)
	{
		answer.dial = cg_value_number(contact);
		answer.reason = CG_REASON_NO_NUMBER;
	}
	if (rel)
		relation_close(rel, NoLock);
	/* The wait for a lock, and the reading, took time. */
	if (answer.dial && !cg_contacts_is_open(contact, &answer.window))
		return refusal(CODE_CLOSED, CG_REASON_WINDOW_CLOSED);
	if (answer.dial)
	{
		answer.code = CODE_OK;
		answer.reason = NULL;
	}
	return answer;
}

static bool
is_repeated(const Ask *ask, const CgCall *before)
{
	TimestampTz now = GetCurrentTimestamp();

	return memcmp(before->ask, ask->call.ask, CG_CALL_HASH) == 0 && !before->ended &&
		before->answered_at == 0 && now >= before->asked_at &&
		now - before->asked_at < REPEAT_SECONDS * USECS_PER_SEC;
}

/* Does the record of the call that was asked for before tell this answer, too? */
static bool
is_on_record(const Ask *ask, const Answer *answer, const CgCall *before)
{
	return answer->code == before->code &&
		(answer->code != CODE_OK ||
		 (strcmp(ask->channel, "voice") == 0 && memcmp(ask->call.dial, before->dial, CG_CALL_HASH) == 0));
}

static void
record_answer(const Ask *ask, const Answer *answer)
{
	CgContactEvent event = {
		.event = answer->code == CODE_OK ? CG_EVENT_CONTACT : CG_EVENT_CONTACT_REFUSED,
		.actor = ask->caller,
		.identity = ask->contact && strcmp(ask->contact->actor, ask->caller) == 0 ? CG_ACTOR_BY_CONTACT : CG_ACTOR_ASSERTED,
		.channel = ask->channel,
		.window = answer->code == CODE_OK ? &answer->window : NULL,
		.reason = answer->reason,
		.count = 1,
		.call = cg_calls_number(ask->call.call),
	};

	cg_contactrecord_write(&event, ask->contact);
}

static Datum
row_of(FunctionCallInfo fcinfo, const Answer *answer)
{
	TupleDesc	desc;
	bool		ok = answer->code == CODE_OK;
	int64		closes = ok ? timestamptz_to_time_t(answer->window.closes_at) : 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	{
		CgResultColumn columns[] = {
			{"code", INT4OID, Int32GetDatum(answer->code)},
			{"reason", TEXTOID, CStringGetTextDatum(ok ? "OK" : answer->code == CODE_CLOSED ? "Window Closed" : "Not Found")},
			{"dial", TEXTOID, ok ? CStringGetTextDatum(answer->dial) : (Datum) 0, !ok},
			{"closes", INT4OID, Int32GetDatum((int32) Min(closes, PG_INT32_MAX)), !ok},
		};

		return cg_result_row(desc, columns, lengthof(columns));
	}
}

Datum
cg_resolve(PG_FUNCTION_ARGS)
{
	Ask			ask = {
		.caller = cg_gateway_text(fcinfo, 1),
		.channel = cg_gateway_text(fcinfo, 3),
	};
	CgCall		before;
	Answer		answer;
	bool		reference;
	bool		known;

	cg_gateway_require("resolve");
	cg_contacts_hash(cg_gateway_text(fcinfo, 0), ask.call.token);
	reference = cg_calls_hash(cg_gateway_text(fcinfo, 2), ask.call.call);
	cg_calls_hash_ask(ask.call.token, ask.caller, ask.channel, ask.call.ask);
	cg_calls_forget();
	known = !reference && cg_calls_find(ask.call.call, &before);
	ask.contact = cg_contacts_find(ask.call.token);
	/* Whoever makes ids of calls could else take one that call_ended() reads as another call. */
	if (reference)
		memset(ask.call.call, 0, CG_CALL_HASH);
	if (reference || (known && !is_repeated(&ask, &before)))
		answer = refusal(CODE_NOT_FOUND, CG_REASON_CALL_KNOWN);
	else
	{
		answer = answer_of(&ask);
		cg_calls_hash_dial(ask.call.token, answer.code == CODE_OK ? answer.dial : "", ask.call.dial);
		if (known && is_on_record(&ask, &answer, &before))
			return row_of(fcinfo, &answer);
		ask.call.code = answer.code;
		ask.call.asked_at = GetCurrentTimestamp();
		ask.call.closes_at = answer.window.closes_at;
		/* A call that was put through stays one, so that it is ended: the refusal is a record alone. */
		if (!known || before.code != CODE_OK || answer.code == CODE_OK)
			cg_calls_store(&ask.call, known);
	}
	record_answer(&ask, &answer);
	return row_of(fcinfo, &answer);
}
