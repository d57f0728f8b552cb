/*
 * contactrecord.h
 *		Records of contacts.
 */
#ifndef CG_CONTACTRECORD_H
#define CG_CONTACTRECORD_H

#include "common/event.h"
#include "relay/contacts.h"

#define CG_PURPOSE_RELAY "relay"

/* What a record says besides the contact. */
typedef struct CgContactEvent
{
	CgEvent		event;
	const char *actor;			/* NULL: that of the contact, or nobody's name is known */
	const char *identity;		/* how his name is known; NULL: by the contact */
	const char *channel;		/* as the actor; a text that is no channel is left out */
	const char *direction;		/* see CgCall; NULL: out */
	const char *reason;			/* or NULL */
	const CgWindow *window;		/* that lets the number out; or NULL */
	int64		count;
	int64		call;			/* the same for all records of a call; 0: there is none yet */
} CgContactEvent;

/*
 * Writes a record, and returns when it is as durable as contact_guard.durability says.
 * contact: NULL if it is not known.  Errors as cg_journal_require, and
 * statement_completion_unknown if a synchronous standby does not acknowledge it.
 */
extern void cg_contactrecord_write(const CgContactEvent *event, const CgContact *contact);

#endif							/* CG_CONTACTRECORD_H */
