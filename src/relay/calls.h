/*
 * calls.h
 *		Calls that a gateway has asked for.
 *
 * A call is known by a keyed hash of its gateway and of the id that the gateway gives it:
 * such an id has addresses in it.  The key is the journal's, so the caller must have called
 * cg_journal_require().
 */
#ifndef CG_CALLS_H
#define CG_CALLS_H

#include "datatype/timestamp.h"

#include "relay/contacts.h"

#define CG_CALL_HASH 32
#define CG_CALL_OUT "out"		/* the technician calls */
#define CG_CALL_IN "in"			/* the customer does */
#define CG_CALL_REFERENCE "call:"	/* before the hash in hexadecimal digits */

typedef struct CgCall
{
	uint8		call[CG_CALL_HASH];
	uint8		ask[CG_CALL_HASH];	/* of all that was asked: see cg_calls_hash_ask */
	uint8		token[CG_TOKEN_HASH];
	uint8		dial[CG_CALL_HASH]; /* of the number that was given out, or of the reason why none was */
	int			code;			/* the answer: 200, 403 or 404 */
	TimestampTz asked_at;
	TimestampTz closes_at;		/* the end of the window that was told; 0: none */
	TimestampTz answered_at;	/* 0: it was not */
	bool		ended;
	const char *channel;
	const char *direction;		/* CG_CALL_OUT or CG_CALL_IN */
} CgCall;

/*
 * The hash of a call: the only way from a text to a call.  True if the text has the form of
 * what calls_to_end() returns.  It names a call that was asked for, then, and never a new one.
 */
extern bool cg_calls_hash(const char *call_id, uint8 hash[CG_CALL_HASH]);

/*
 * The hash of everything that was asked about a call.  asked: that of the token, or of the relay
 * number.
 */
extern void cg_calls_hash_ask(const uint8 asked[CG_TOKEN_HASH], const char *caller, const char *channel,
							  uint8 hash[CG_CALL_HASH]);

/* The hash of the number that a token has given, or of the reason of a refusal. */
extern void cg_calls_hash_dial(const uint8 token[CG_TOKEN_HASH], const char *dial, uint8 hash[CG_CALL_HASH]);

/* The number that the records of the call share; positive. */
extern int64 cg_calls_number(const uint8 hash[CG_CALL_HASH]);

/*
 * Waits until no other transaction is at this call, and fills *call if it was asked for
 * before by this gateway.  The lock is kept until the end of the transaction.
 */
extern bool cg_calls_find(const uint8 hash[CG_CALL_HASH], CgCall *call);

/* Stores a new call, or the new answer to one that was asked for again. */
extern void cg_calls_store(const CgCall *call, bool again);

/* Notes that it was answered, with the gateway's handle (or NULL); and that it has ended. */
extern void cg_calls_answered(const CgCall *call, const char *handle);
extern void cg_calls_ended(const CgCall *call);

/* Deletes some calls that are old. */
extern void cg_calls_forget(void);

#endif							/* CG_CALLS_H */
