/*
 * contact.c
 *		contact(): a token, by which a technician is put through to a customer.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/customerkey.h"
#include "base/result.h"
#include "journal/journal.h"
#include "journal/reason.h"
#include "policy/ask.h"
#include "policy/labels.h"
#include "policy/policy.h"
#include "policy/revoked.h"
#include "policy/windows.h"
#include "relay/contactrecord.h"
#include "relay/contacts.h"
#include "relay/pairs.h"

PG_FUNCTION_INFO_V1(cg_contact);

static int	add_columns(Oid relid, const char *name, CgContact *contact);
static void find_relay_column(FunctionCallInfo fcinfo, CgContact *contact);
static void find_window(FunctionCallInfo fcinfo, const CgActor *actor, CgContact *contact);

/* The columns of a relation that are reached by relay; the last is put into *contact. */
static int
add_columns(Oid relid, const char *name, CgContact *contact)
{
	const CgPolicy *policy = cg_policy_get(relid);
	int			found = 0;

	if (policy == NULL || policy->broken)
		return 0;
	for (int i = 0; i < policy->nguarded; i++)
	{
		AttrNumber	attnum = policy->guarded[i].attnum;

		/* What is generated from a number is guarded like it, and is another form of it. */
		if (!policy->guarded[i].relay || (name == NULL && get_attgenerated(relid, attnum) != '\0') ||
			(name && strcmp(get_attname(relid, attnum, false), name) != 0))
			continue;
		contact->relation = relid;
		contact->attnum = attnum;
		found++;
	}
	return found;
}

/* The column that the arguments name, or the only one that can be meant. */
static void
find_relay_column(FunctionCallInfo fcinfo, CgContact *contact)
{
	const char *name = PG_ARGISNULL(3) ? NULL : NameStr(*PG_GETARG_NAME(3));
	int			found = 0;
	ListCell   *lc;

	if (!PG_ARGISNULL(2))
	{
		Relation	rel = try_relation_open(PG_GETARG_OID(2), AccessShareLock);

		found = rel ? add_columns(PG_GETARG_OID(2), name, contact) : 0;
		if (rel)
			relation_close(rel, NoLock);
	}
	else
		foreach(lc, cg_labels_relations())
		{
			Relation	rel = try_relation_open(lfirst_oid(lc), AccessShareLock);
			const CgPolicy *policy = rel ? cg_policy_get(lfirst_oid(lc)) : NULL;

			/* A partition may have labels of its own; the number is found by way of its parent. */
			if (policy && policy->ancestors == NIL)
				found += add_columns(lfirst_oid(lc), name, contact);
			if (rel)
				relation_close(rel, NoLock);
		}
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("there is no such column that is reached by relay"),
				 errhint("An admin calls contact_guard.protect(..., reveal => 'relay') for the column with the number.")));
	if (found > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("several columns are reached by relay"),
				 errhint("Name the relation and the column in the call of contact().")));
}

/* Of several windows at the customer that are open, the one that stays open for longest. */
static void
find_window(FunctionCallInfo fcinfo, const CgActor *actor, CgContact *contact)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	char	   *customer = cg_customerkey_text(PG_GETARG_DATUM(0), getBaseType(type));
	CgWindow   *found = NULL;
	ListCell   *lc;

	if (customer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s is not suitable for a customer key", format_type_be(type))));
	foreach(lc, cg_windows_open(actor))
	{
		CgWindow   *window = lfirst(lc);

		if (strcmp(window->customer, customer) == 0 && (found == NULL || window->closes_at > found->closes_at))
			found = window;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("no intervention of \"%s\" at this customer is open", contact->actor)));
	contact->customer = customer;
	contact->interventions = found->relid;
	contact->intervention = found->id;
	contact->closes_at = found->closes_at;
}

Datum
cg_contact(PG_FUNCTION_ARGS)
{
	CgActor		actor = cg_actor_current();
	CgContact	contact = {.actor = actor.name};
	CgContactEvent offered = {.event = CG_EVENT_CONTACT_OFFERED, .identity = actor.identity, .count = 1};
	char		token[CG_TOKEN_LENGTH + 1];
	char	   *number;
	TupleDesc	desc;

	PreventCommandDuringRecovery("contact()");
	PreventCommandIfReadOnly("contact()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("customer and channel must not be null")));
	if (cg_ask_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("contact() cannot be called by a query for interventions")));
	contact.channel = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!cg_contacts_is_channel(contact.channel))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid channel \"%s\"", contact.channel),
				 errhint("Channels are voice and text.")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	find_window(fcinfo, &actor, &contact);
	find_relay_column(fcinfo, &contact);
	contact.asserted = strcmp(actor.identity, CG_ACTOR_ASSERTED) == 0;
	contact.subject = actor.token ? actor.token->subject : cg_revoked_number(actor.name);
	contact.issued = actor.token ? actor.token->claims.issued : timestamptz_to_time_t(GetCurrentTimestamp());
	cg_journal_require();
	cg_contacts_forget();
	cg_pairs_forget();
	cg_contacts_issue(&contact, token);
	number = cg_pairs_take(&contact);
	cg_contactrecord_write(&offered, &contact);
	{
		CgResultColumn columns[] = {
			{"token", TEXTOID, CStringGetTextDatum(token)},
			{"number", TEXTOID, number ? CStringGetTextDatum(number) : (Datum) 0, number == NULL},
			{"expires_at", TIMESTAMPTZOID, TimestampTzGetDatum(contact.closes_at)},
		};

		PG_RETURN_DATUM(cg_result_row(desc, columns, lengthof(columns)));
	}
}
