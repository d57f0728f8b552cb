/*
 * contactrecord.c
 *		Records of contacts.
 *
 * A record is written and flushed at once, before anything leaves that depends on it.  If
 * the transaction aborts, the record stays: a number may have left.  A record has no number,
 * no token and no id of a call.  Those of one call have the same number in "statement".
 */
#include "postgres.h"

#include "libpq/libpq-be.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/names.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "relay/calls.h"
#include "relay/contactrecord.h"

void
cg_contactrecord_write(const CgContactEvent *event, const CgContact *contact)
{
	const char *actor = event->actor || contact == NULL ? event->actor : contact->actor;
	const char *channel = event->channel || contact == NULL ? event->channel : contact->channel;
	const char *column = contact ? get_attname(contact->relation, contact->attnum, true) : NULL;
	const char *columns[3];
	CgRecordContext context = {
		/* The name that a gateway gives may have any length. */
		.actor = actor ? pnstrdup(actor, pg_mbcliplen(actor, strlen(actor), CG_ACTOR_LENGTH)) : NULL,
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
		.identity = event->identity || actor == NULL ? event->identity : CG_ACTOR_BY_CONTACT,
		.statement = event->call,
	};
	CgRecord	record = {
		.event = event->event,
		.read_at = GetCurrentTimestamp(),
		.columns = columns,
		.count = event->count,
		.closed_at = CG_NO_TIME,
		.purpose = CG_PURPOSE_RELAY,
		.reason = event->reason,
	};

	cg_journal_require();
	/* A name that is gone is no reason not to write the record. */
	if (column)
	{
		record.relation = cg_names_relation(contact->relation);
		columns[record.ncolumns++] = column;
	}
	if (cg_contacts_is_channel(channel))
		columns[record.ncolumns++] = channel;
	columns[record.ncolumns++] = event->direction ? event->direction : CG_CALL_OUT;
	if (contact)
	{
		record.customer = cg_record_customer(contact->customer);
		record.intervention = contact->intervention;
	}
	if (event->window)
		record.window = (CgRecordWindow) {true, event->window->opens_at, event->window->closes_at};
	cg_record_put_context(cg_messages_buffer(), &context);
	cg_messages_put(&record);
	cg_messages_write();
	if (!cg_messages_flush())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of the contact")));
}
