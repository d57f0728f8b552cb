/*
 * forwardask.c
 *		A session of a standby asks the primary who may see what.
 *
 * By the standby's own tables nothing is shown: they lag, and a window that has been closed, or
 * a permission that has been taken back, would be there for as long.  They may only withhold: a
 * permission that is not there yet is not asked for.
 */
#include "postgres.h"

#include "access/xact.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "journal/forward.h"
#include "journal/forwardseal.h"
#include "policy/forwardask.h"

typedef struct ForwardedWindow
{
	CgInterventions from;		/* only relid is set */
	char	   *customer;
	char	   *id;
	TimestampTz opens_at;
	TimestampTz closes_at;
} ForwardedWindow;

/*
 * The last answer about a permission.  One execution needs it when it is planned, when it starts
 * and when it reads, so it is kept until an execution ends, and for one message of the client.
 */
static struct
{
	TimestampTz statement;		/* 0: none */
	TimestampTz at;
	StringInfoData question;
	StringInfoData answer;
}			kept;

static void put_actor(StringInfo body, const CgActor *actor);
static StringInfo ask_permission(const StringInfoData *question);

static void
put_actor(StringInfo body, const CgActor *actor)
{
	Oid			login = GetSessionUserId();

	cg_forwardseal_put_text(body, actor->name);
	cg_forwardseal_put_text(body, actor->identity);
	pq_sendint32(body, actor->role);
	cg_forwardseal_put_text(body, OidIsValid(actor->role) ? GetUserNameFromId(actor->role, false) : NULL);
	pq_sendint32(body, login);
	cg_forwardseal_put_text(body, GetUserNameFromId(login, false));
	pq_sendbyte(body, actor->proxy);
	pq_sendbyte(body, actor->token != NULL);
	pq_sendint64(body, actor->token ? actor->token->subject : 0);
	pq_sendint64(body, actor->token ? (uint64) actor->token->claims.issued : 0);
}

void
cg_forwardask_windows(const CgActor *actor, CgAsk ask, const char *customer,
					  CgWindowCallback callback, void *context)
{
	StringInfoData body;
	StringInfo	answer;
	List	   *windows = NIL;
	ListCell   *lc;

	initStringInfo(&body);
	put_actor(&body, actor);
	pq_sendbyte(&body, ask);
	cg_forwardseal_put_text(&body, customer);
	answer = cg_forward_ask(CG_FORWARD_WINDOWS, &body);
	pfree(body.data);
	while (answer->cursor < answer->len)
	{
		ForwardedWindow *window = palloc0(sizeof(ForwardedWindow));

		window->from.relid = pq_getmsgint(answer, 4);
		window->customer = cg_forwardseal_get_text(answer);
		window->id = cg_forwardseal_get_text(answer);
		window->opens_at = pq_getmsgint64(answer);
		window->closes_at = pq_getmsgint64(answer);
		windows = lappend(windows, window);
	}
	foreach(lc, windows)
	{
		ForwardedWindow *window = lfirst(lc);

		callback(&window->from, window->customer, window->id, window->opens_at, window->closes_at, context);
	}
}

void
cg_forwardask_forget(void)
{
	kept.statement = 0;
}

/* The question has the actor, so it tells one from another. */
static StringInfo
ask_permission(const StringInfoData *question)
{
	TimestampTz now = GetCurrentTimestamp();
	MemoryContext oldcontext;
	StringInfo	answer;

	if (kept.statement == GetCurrentStatementStartTimestamp() && now >= kept.at && now - kept.at < USECS_PER_SEC &&
		kept.question.len == question->len && memcmp(kept.question.data, question->data, question->len) == 0)
	{
		kept.answer.cursor = 0;
		return &kept.answer;
	}
	kept.statement = 0;
	answer = cg_forward_ask(CG_FORWARD_PERMISSION, question);
	if (kept.question.data == NULL)
	{
		oldcontext = MemoryContextSwitchTo(TopMemoryContext);
		initStringInfo(&kept.question);
		initStringInfo(&kept.answer);
		MemoryContextSwitchTo(oldcontext);
	}
	resetStringInfo(&kept.question);
	resetStringInfo(&kept.answer);
	appendBinaryStringInfo(&kept.question, question->data, question->len);
	appendBinaryStringInfo(&kept.answer, answer->data + answer->cursor, answer->len - answer->cursor);
	kept.at = now;
	kept.statement = GetCurrentStatementStartTimestamp();
	return &kept.answer;
}

void
cg_forwardask_permission(const CgActor *actor, Oid relid, CgPermission *permission)
{
	StringInfoData body;
	StringInfo	answer;

	initStringInfo(&body);
	put_actor(&body, actor);
	pq_sendint32(&body, relid);
	answer = ask_permission(&body);
	pfree(body.data);
	permission->granted = pq_getmsgbyte(answer) == 1;
	permission->bulk = pq_getmsgbyte(answer) == 1;
	permission->purpose = cg_forwardseal_get_text(answer);
	permission->reason = cg_forwardseal_get_text(answer);
}
