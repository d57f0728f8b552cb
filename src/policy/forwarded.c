/*
 * forwarded.c
 *		forward(): the primary answers the sessions of its standbys.
 *
 * A request counts only with the seal of the journal's newest key, which nobody has but the
 * library, and who reads the files of a server.  So a login that may execute the function can do
 * nothing by it alone.  What a standby says of its session is looked at nevertheless: its roles
 * must be here what they are there, and the login must be allowed here to speak for the actor.
 * So a role that was dropped, or a membership that was revoked, counts at once on all standbys.
 *
 * A process serves one session of a standby.  Its name in messages comes from the process, so a
 * pooler between the two, which lends the process to another session, is refused.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/forwardseal.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "policy/ask.h"
#include "policy/interventions.h"
#include "policy/permission.h"
#include "policy/policy.h"
#include "policy/revoked.h"

typedef struct ForwardedLook
{
	StringInfo	body;
	CgAsk		ask;
} ForwardedLook;

/* What a session of a standby says of itself, and whether it is so here. */
typedef struct ForwardedActor
{
	CgActor		actor;
	bool		believed;
} ForwardedActor;

static void require_forwarder(void);
static void require_seal(const StringInfoData *in, const CgForwardRequest *request, uint8 *key, uint8 *mac);
static void require_one_session(uint64 session);
static bool is_role(Oid role, const char *name);
static ForwardedActor take_actor(StringInfo in);
static void take_forwarded_window(CgInterventions *from, const char *customer, const char *id,
								  TimestampTz opens_at, TimestampTz closes_at, void *context);
static void answer_windows(StringInfo in, StringInfo body);
static void answer_permission(StringInfo in, StringInfo body);
static void require_reads(const char *items, size_t length, bool *withheld, bool *only);
static CgForwardStatus take_records(StringInfo in);
static uint64 texts_purged(void);

PG_FUNCTION_INFO_V1(cg_forward);

static void
require_forwarder(void)
{
	Oid			group = cg_roles_group(CG_GROUP_FORWARDER);

	if (!OidIsValid(group) || !has_privs_of_role(GetOuterUserId(), group) || InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_forwarder\" to call forward()")));
	cg_roles_require_own("call forward()");
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("this server is a standby, too")));
}

/* key: gets the key, which seals the answer, too. */
static void
require_seal(const StringInfoData *in, const CgForwardRequest *request, uint8 *key, uint8 *mac)
{
	const CgJournalState *own = cg_journal_own();
	const CgSeal *seal = cg_journalstate_seal(own);

	if (request->system_identifier != own->system_identifier || request->database != own->database)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the request comes from another cluster or database")));
	if (seal == NULL || request->epoch != (uint32) own->epoch || request->seal != (uint32) seal->number)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the standby does not have the present key of the journal yet"),
				 errhint("It comes with WAL.")));
	if (!cg_forwardseal_is_request(in, seal->key, mac))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the request has no seal of a standby")));
	memcpy(key, seal->key, CG_KEY_LENGTH);
}

static void
require_one_session(uint64 session)
{
	static uint64 serving = 0;

	if (serving != 0 && serving != session)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("this connection serves another session of a standby"),
				 errhint("contact_guard.primary_conninfo must lead to the server itself, not to a connection pooler.")));
	serving = session;
}

static bool
is_role(Oid role, const char *name)
{
	char	   *here = GetUserNameFromId(role, true);

	return here && name && strcmp(here, name) == 0;
}

static ForwardedActor
take_actor(StringInfo in)
{
	ForwardedActor result = {0};
	CgActor    *actor = &result.actor;
	char	   *identity;
	char	   *role_name;
	char	   *login_name;
	Oid			login;
	bool		by_role;
	bool		has_token;
	uint64		subject;
	int64		issued;

	actor->name = cg_forwardseal_get_text(in);
	identity = cg_forwardseal_get_text(in);
	actor->role = pq_getmsgint(in, 4);
	role_name = cg_forwardseal_get_text(in);
	login = pq_getmsgint(in, 4);
	login_name = cg_forwardseal_get_text(in);
	actor->proxy = pq_getmsgbyte(in) == 1;
	has_token = pq_getmsgbyte(in) == 1;
	subject = pq_getmsgint64(in);
	issued = pq_getmsgint64(in);
	if (actor->name == NULL || identity == NULL || !is_role(login, login_name) ||
		(OidIsValid(actor->role) && !(is_role(actor->role, role_name) && is_member_of_role(login, actor->role))))
		return result;
	by_role = strcmp(identity, CG_ACTOR_BY_ROLE) == 0;
	if (by_role)
		result.believed = role_name && strcmp(actor->name, role_name) == 0;
	else
		result.believed = cg_roles_may_become_proxy(login) && (has_token || cg_identity != CG_IDENTITY_REQUIRED) &&
			!(has_token && cg_revoked_is(subject, issued));
	actor->identity = identity;
	actor->proxy |= by_role && cg_roles_is_proxy(actor->role, false) && !superuser_arg(actor->role);
	actor->superuser = OidIsValid(actor->role) && superuser_arg(actor->role);
	return result;
}

/* The primary's clock decides: that of the standby may be late. */
static void
take_forwarded_window(CgInterventions *from, const char *customer, const char *id,
					  TimestampTz opens_at, TimestampTz closes_at, void *context)
{
	ForwardedLook *look = context;
	TimestampTz now = GetCurrentTimestamp();

	if (look->ask != CG_ASK_PAST && cg_clock_latest(now) >= closes_at)
		return;
	if (look->ask == CG_ASK_CUSTOMER && now < opens_at)
		return;
	pq_sendint32(look->body, from->relid);
	cg_forwardseal_put_text(look->body, customer);
	cg_forwardseal_put_text(look->body, id);
	pq_sendint64(look->body, (uint64) opens_at);
	pq_sendint64(look->body, (uint64) closes_at);
}

static void
answer_windows(StringInfo in, StringInfo body)
{
	ForwardedActor of = take_actor(in);
	ForwardedLook look = {body, pq_getmsgbyte(in)};
	char	   *customer = cg_forwardseal_get_text(in);
	ListCell   *lc;

	if (look.ask >= CG_NASKS || (look.ask == CG_ASK_CUSTOMER && customer == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a standby asks a question that is not known")));
	if (!of.believed)
		return;
	foreach(lc, cg_interventions_list())
		cg_ask_run(lfirst(lc), look.ask, of.actor.name, customer, take_forwarded_window, &look);
}

static void
answer_permission(StringInfo in, StringInfo body)
{
	ForwardedActor of = take_actor(in);
	const CgPolicy *policy = cg_policy_get(pq_getmsgint(in, 4));
	CgPermission permission = {0};

	if (of.believed && policy && !policy->broken)
		permission = cg_permission_of(&of.actor, policy);
	pq_sendbyte(body, permission.granted);
	pq_sendbyte(body, permission.bulk);
	cg_forwardseal_put_text(body, permission.purpose);
	cg_forwardseal_put_text(body, permission.reason);
}

/* Acts of administration are never done on a standby.  Was a read withheld, and were all? */
static void
require_reads(const char *items, size_t length, bool *withheld, bool *only)
{
	CgReader	reader = {.data = items, .length = length, .version = CG_RECORD_VERSION};
	CgItem		item;
	bool		good = length > 0 && length <= CG_RECORD_LONGEST / 2;

	*withheld = false;
	*only = true;
	while (good && cg_recordread_next(&reader, &item))
	{
		if (item.kind != 'R')
			continue;
		*withheld |= item.record.event == CG_EVENT_WITHHELD;
		*only &= item.record.event == CG_EVENT_WITHHELD;
		good = item.record.event == CG_EVENT_SHOWN || item.record.event == CG_EVENT_WITHHELD ||
			item.record.event == CG_EVENT_LOOKUP || item.record.event == CG_EVENT_BULK ||
			item.record.event == CG_EVENT_SEARCHED || item.record.event == CG_EVENT_AUDIT_READ;
	}
	if (!good || reader.bad)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a standby sends what are not records of reads")));
}

static CgForwardStatus
take_records(StringInfo in)
{
	CgMessageHeader header = {0};
	uint64		now = GetXLogInsertRecPtr();
	XLogRecPtr	end;
	uint32		epoch;
	bool		withheld;
	bool		only;

	header.backend_start = pq_getmsgint64(in);
	header.backend_pid = pq_getmsgint(in, 4);
	header.counter = pq_getmsgint64(in);
	header.position = pq_getmsgint64(in);
	epoch = pq_getmsgint(in, 4);
	if ((header.backend_pid & CG_FORWARD_PID) == 0 || epoch != (uint32) cg_journal_own()->epoch)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a standby sends records of a session that is not known")));
	require_reads(in->data + in->cursor, in->len - in->cursor, &withheld, &only);
	/* The recorder would take it for a repetition: see sessions.c. */
	if (header.position == 0 || header.position > now || now - header.position > CG_RECORD_REACH / 2)
		return CG_FORWARD_STALE;
	cg_journal_require_room();
	if (withheld)
		cg_journal_make_way();
	end = cg_messages_write_for(&header, in->data + in->cursor, in->len - in->cursor, only);
	if (end - header.position > CG_RECORD_REACH)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("records of a standby were written too late to be counted")));
	return CG_FORWARD_DONE;
}

static uint64
texts_purged(void)
{
	CgDatabase *database = cg_shared_own();

	return database ? database->texts : 0;
}

Datum
cg_forward(PG_FUNCTION_ARGS)
{
	bytea	   *sent = PG_GETARG_BYTEA_PP(0);
	StringInfoData in = {.data = VARDATA_ANY(sent), .len = VARSIZE_ANY_EXHDR(sent)};
	StringInfoData body;
	StringInfoData out;
	CgForwardRequest request;
	CgForwardAnswer answer = {CG_FORWARD_DONE};
	uint8		mac[CG_MESSAGEMAC_LENGTH];
	uint8		key[CG_KEY_LENGTH];

	require_forwarder();
	cg_journal_require_begun();
	request = cg_forwardseal_read_request(&in);
	require_seal(&in, &request, key, mac);
	require_one_session(request.session);
	initStringInfo(&body);
	switch (request.kind)
	{
		case CG_FORWARD_HELLO:
			break;
		case CG_FORWARD_WINDOWS:
			answer_windows(&in, &body);
			break;
		case CG_FORWARD_PERMISSION:
			answer_permission(&in, &body);
			break;
		case CG_FORWARD_RECORDS:
			answer.status = take_records(&in);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("a standby asks a question that is not known")));
	}
	answer.texts = texts_purged();
	/* Not the insert position, which a crash may take back. */
	answer.position = GetFlushRecPtr(NULL);
	answer.backend_start = MyStartTimestamp;
	answer.backend_pid = MyProcPid;
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	cg_forwardseal_answer(&out, &answer, &body, key, mac);
	SET_VARSIZE(out.data, out.len);
	PG_RETURN_BYTEA_P(out.data);
}
