/*
 * contacts.h
 *		Tokens: who may call whom, for which visit, by which channel.
 */
#ifndef CG_CONTACTS_H
#define CG_CONTACTS_H

#include "access/attnum.h"
#include "datatype/timestamp.h"

#include "policy/windows.h"

#define CG_TOKEN_LENGTH 32		/* hexadecimal digits */
#define CG_TOKEN_HASH 32		/* bytes of its SHA-256 */

typedef struct CgContact
{
	const char *actor;
	Oid			relation;		/* has the number, in the column */
	AttrNumber	attnum;
	const char *customer;		/* the key's text */
	Oid			interventions;	/* the relation of the visit */
	const char *intervention;	/* its id, or NULL */
	const char *channel;
	TimestampTz closes_at;		/* when the window was to close as the token was made,
								 * or a year later */
	bool		asserted;		/* act_as() alone has named who asked for it */
	uint64		subject;		/* whose revocation ends it: see policy/revoked.h */
	int64		issued;			/* when he was named, or asked: seconds since 1970 */
} CgContact;

/* Is it the name of a channel: voice or text? */
extern bool cg_contacts_is_channel(const char *channel);

/*
 * Stores a new token, and writes it into token, with a zero byte.  An actor has so many for a
 * visit and a channel; the oldest one goes.
 */
#define CG_TOKENS_MAX 20
extern void cg_contacts_issue(const CgContact *contact, char token[CG_TOKEN_LENGTH + 1]);

/* Stores a contact under a hash; again: in place of who asked for it before, and until when. */
extern void cg_contacts_store(const CgContact *contact, const uint8 hash[CG_TOKEN_HASH], bool again);

/* When its window closes, or a year from now if that is later. */
extern TimestampTz cg_contacts_end(const CgContact *contact);

/* The hash under which a token is stored; any text has one. */
extern void cg_contacts_hash(const char *token, uint8 hash[CG_TOKEN_HASH]);

/* The contact of a hash, palloc'd; or NULL. */
extern CgContact *cg_contacts_find(const uint8 hash[CG_TOKEN_HASH]);

/*
 * Is the window of this contact open, by the latest commit and the clock?  If it is, fills
 * *window, whose strings are palloc'd.
 */
extern bool cg_contacts_is_open(const CgContact *contact, CgWindow *window);

/* Is "id" of an interventions relation the visit of the contact? */
extern bool cg_contacts_is_visit(const CgContact *contact, Oid interventions, const char *id);

/* Deletes some tokens whose windows have long been over. */
extern void cg_contacts_forget(void);

/* Why whoever asked for it is not believed any more, a reason for records; or NULL. */
extern const char *cg_contacts_lapse(const CgContact *contact);

#endif							/* CG_CONTACTS_H */
