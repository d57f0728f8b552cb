/*
 * resolve.c
 *		resolve() and resolve_number(): the number for a token, or for a relay number, for the
 *		gateway alone.
 *
 * What is refused is an answer, not an error, and always the same one: only the owner of a
 * token, and who stands on a side of a relay number, is told that the visit is over.  Each answer
 * has a record, and that of a number is flushed before the function returns.  A flush may wait,
 * so whether the window is still open is asked behind it.
 *
 * A relay number has two sides.  If the customer calls it, the number is that of the technician,
 * and the caller must be whom the technician would call now.
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
#include "utils/acl.h"
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
#include "relay/number.h"
#include "relay/pairs.h"
#include "relay/value.h"

PG_FUNCTION_INFO_V1(cg_resolve);
PG_FUNCTION_INFO_V1(cg_resolve_number);

#define CODE_OK 200
#define CODE_CLOSED 403
#define CODE_NOT_FOUND 404
/* A SIP transaction is over after 32 seconds. */
#define REPEAT_SECONDS 60

typedef struct Ask
{
	const char *caller;
	const char *channel;
	const char *number;			/* the relay number that was called; NULL: a token was given */
	CgCall		call;
	CgContact  *contact;		/* NULL: there is none */
} Ask;

typedef struct Answer
{
	int			code;
	const char *reason;			/* of a refusal, for the record */
	char	   *dial;
	const char *present;		/* the relay number that the callee is to see; or NULL */
	CgWindow	window;			/* if dial is given */
} Answer;

static Answer refusal(int code, const char *reason);
static bool is_inward(const Ask *ask);
static const char *mismatch_of(const Ask *ask);
static bool is_own_gateway(const char *actor);
static Answer answer_of(const Ask *ask);
static Answer answer_with_number(const CgContact *contact);
static Answer answer_to_number(const Ask *ask, Answer answer);
static bool is_repeated(const Ask *ask, const CgCall *before);
static bool is_on_record(const Ask *ask, const Answer *answer, const CgCall *before);
static void record_answer(const Ask *ask, const Answer *answer);
static void store_answer(Ask *ask, const Answer *answer, const CgCall *before);
static Answer answer_and_record(Ask *ask, const CgCall *before);
static Datum row_of(FunctionCallInfo fcinfo, const Answer *answer);
static Datum answer_call(FunctionCallInfo fcinfo, Ask *ask, const char *call_id);

static Answer
refusal(int code, const char *reason)
{
	return (Answer) {.code = code, .reason = reason};
}

/* Does the customer call? */
static bool
is_inward(const Ask *ask)
{
	return strcmp(ask->call.direction, CG_CALL_IN) == 0;
}

/* Why what was asked is none of this contact's; or NULL. */
static const char *
mismatch_of(const Ask *ask)
{
	if (ask->number)
		return ask->contact == NULL ? CG_REASON_NO_RELAY_NUMBER :
			cg_contacts_is_channel(ask->channel) ? NULL : CG_REASON_NO_CHANNEL;
	if (ask->contact == NULL)
		return CG_REASON_NO_TOKEN;
	if (strcmp(ask->contact->actor, ask->caller) != 0)
		return CG_REASON_TOKEN_OF_ANOTHER;
	return strcmp(ask->contact->channel, ask->channel) == 0 ? NULL : CG_REASON_TOKEN_OF_CHANNEL;
}

/* Whoever is both, or may become the actor, would only have to ask, and would have the number. */
static bool
is_own_gateway(const char *actor)
{
	Oid			role = get_role_oid(actor, true);

	return OidIsValid(role) && (role == GetSessionUserId() || role == GetOuterUserId() ||
								is_member_of_role_nosuper(GetSessionUserId(), role) ||
								is_member_of_role_nosuper(GetOuterUserId(), role));
}

static Answer
answer_of(const Ask *ask)
{
	const CgContact *contact = ask->contact;
	const char *mismatch = mismatch_of(ask);
	CgWindow	window;
	Answer		answer;

	if (mismatch)
		return refusal(CODE_NOT_FOUND, mismatch);
	if (is_own_gateway(contact->actor))
		return refusal(CODE_NOT_FOUND, CG_REASON_OWN_GATEWAY);
	if (cg_contacts_lapse(contact))
		return refusal(CODE_NOT_FOUND, cg_contacts_lapse(contact));
	if (!cg_contacts_is_open(contact, &window))
		return refusal(CODE_CLOSED, CG_REASON_WINDOW_CLOSED);
	answer = answer_with_number(contact);
	if (answer.code != CODE_OK)
		return answer;
	if (ask->number)
		return answer_to_number(ask, answer);
	answer.present = cg_pairs_present(contact, answer.dial);
	return answer;
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

/* The answer has the customer's number.  Numbers may have changed since the relay number was given. */
static Answer
answer_to_number(const Ask *ask, Answer answer)
{
	char	   *telephone = cg_pairs_telephone(ask->contact->actor);
	const char *owner = is_inward(ask) ? cg_number_international(answer.dial) : telephone;

	if (cg_number_is_caller(ask->caller) &&
		(owner == NULL || strcmp(owner, cg_number_international(ask->caller)) != 0))
		return refusal(CODE_NOT_FOUND, CG_REASON_NUMBER_CHANGED);
	if (is_inward(ask))
	{
		if (telephone == NULL)
			return refusal(CODE_NOT_FOUND, CG_REASON_NO_TELEPHONE);
		answer.dial = telephone;
	}
	answer.present = cg_number_international(ask->number);
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
	return answer->code == before->code && memcmp(ask->call.dial, before->dial, CG_CALL_HASH) == 0 &&
		(answer->code != CODE_OK || strcmp(ask->channel, "voice") == 0);
}

/* A caller who is known by his number alone has no name in the log. */
static void
record_answer(const Ask *ask, const Answer *answer)
{
	bool		named = ask->contact && (ask->number || strcmp(ask->contact->actor, ask->caller) == 0);
	bool		nameless = !named && cg_number_may_be(ask->caller);
	CgContactEvent event = {
		.event = answer->code == CODE_OK ? CG_EVENT_CONTACT : CG_EVENT_CONTACT_REFUSED,
		.actor = named ? ask->contact->actor : nameless ? NULL : ask->caller,
		.identity = named ? CG_ACTOR_BY_CONTACT : nameless ? NULL : CG_ACTOR_ASSERTED,
		.channel = ask->channel,
		.direction = ask->call.direction,
		.window = answer->code == CODE_OK ? &answer->window : NULL,
		.reason = answer->reason,
		.count = 1,
		.call = cg_calls_number(ask->call.call),
	};

	cg_contactrecord_write(&event, ask->contact);
}

/* before: NULL if the call was not asked for before. */
static void
store_answer(Ask *ask, const Answer *answer, const CgCall *before)
{
	ask->call.code = answer->code;
	ask->call.closes_at = answer->window.closes_at;
	/* A call that was put through stays one, so that it is ended: the refusal is a record alone. */
	if (before == NULL || before->code != CODE_OK || answer->code == CODE_OK)
		cg_calls_store(&ask->call, before != NULL);
}

static Answer
answer_and_record(Ask *ask, const CgCall *before)
{
	Answer		answer = answer_of(ask);
	CgWindow	window;

	cg_calls_hash_dial(ask->call.token, answer.code == CODE_OK ? answer.dial : answer.reason, ask->call.dial);
	ask->call.asked_at = GetCurrentTimestamp();
	if (before && is_on_record(ask, &answer, before))
	{
		/* The gateway ends the call by what it was told last. */
		ask->call.asked_at = before->asked_at;
		if (answer.code == CODE_OK && answer.window.closes_at != before->closes_at)
			store_answer(ask, &answer, before);
		return answer;
	}
	store_answer(ask, &answer, before);
	record_answer(ask, &answer);
	if (answer.code == CODE_OK && !cg_contacts_is_open(ask->contact, &window))
	{
		answer = refusal(CODE_CLOSED, CG_REASON_WINDOW_CLOSED);
		cg_calls_hash_dial(ask->call.token, answer.reason, ask->call.dial);
		if (before == NULL || before->code != CODE_OK)
		{
			ask->call.code = answer.code;
			cg_calls_store(&ask->call, true);
		}
		record_answer(ask, &answer);
	}
	return answer;
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
			{"present", TEXTOID, ok && answer->present ? CStringGetTextDatum(answer->present) : (Datum) 0, !ok || answer->present == NULL},
			{"closes", INT4OID, Int32GetDatum((int32) Min(closes, PG_INT32_MAX)), !ok},
		};

		return cg_result_row(desc, columns, lengthof(columns));
	}
}

/* The rest of both functions: token and contact are those that were asked for. */
static Datum
answer_call(FunctionCallInfo fcinfo, Ask *ask, const char *call_id)
{
	CgCall		before;
	Answer		answer;
	bool		known;

	ask->call.channel = cg_contacts_is_channel(ask->channel) ? ask->channel : "";
	/* Whoever makes ids of calls could else take one that call_ended() reads as another call. */
	if (cg_calls_hash(call_id, ask->call.call) || *call_id == '\0')
	{
		memset(ask->call.call, 0, CG_CALL_HASH);
		answer = refusal(CODE_NOT_FOUND, *call_id ? CG_REASON_CALL_KNOWN : CG_REASON_CALL_UNNAMED);
		record_answer(ask, &answer);
		return row_of(fcinfo, &answer);
	}
	cg_calls_forget();
	known = cg_calls_find(ask->call.call, &before);
	if (known && !is_repeated(ask, &before))
	{
		answer = refusal(CODE_NOT_FOUND, CG_REASON_CALL_KNOWN);
		record_answer(ask, &answer);
	}
	else
		answer = answer_and_record(ask, known ? &before : NULL);
	return row_of(fcinfo, &answer);
}

Datum
cg_resolve(PG_FUNCTION_ARGS)
{
	Ask			ask = {
		.caller = cg_gateway_text(fcinfo, 1),
		.channel = cg_gateway_text(fcinfo, 3),
		.call = {.direction = CG_CALL_OUT},
	};

	cg_gateway_require("resolve");
	cg_contacts_hash(cg_gateway_text(fcinfo, 0), ask.call.token);
	cg_calls_hash_ask(ask.call.token, ask.caller, ask.channel, ask.call.ask);
	ask.contact = cg_contacts_find(ask.call.token);
	return answer_call(fcinfo, &ask, cg_gateway_text(fcinfo, 2));
}

Datum
cg_resolve_number(PG_FUNCTION_ARGS)
{
	bool		customer_calls = false;
	Ask			ask = {
		.caller = cg_gateway_text(fcinfo, 1),
		.channel = cg_gateway_text(fcinfo, 3),
		.number = cg_gateway_text(fcinfo, 0),
	};

	cg_gateway_require("resolve_number");
	/* No token has such a text. */
	cg_contacts_hash(psprintf("number %s", ask.number), ask.call.token);
	cg_calls_hash_ask(ask.call.token, ask.caller, ask.channel, ask.call.ask);
	if (cg_pairs_find(ask.number, ask.caller, ask.call.token, &customer_calls))
		ask.contact = cg_contacts_find(ask.call.token);
	/* What a stranger's number calls is a customer's way. */
	ask.call.direction = customer_calls || (ask.contact == NULL && cg_number_is_caller(ask.caller)) ? CG_CALL_IN : CG_CALL_OUT;
	return answer_call(fcinfo, &ask, cg_gateway_text(fcinfo, 2));
}
