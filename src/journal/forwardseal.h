/*
 * forwardseal.h
 *		The format of what a standby and the primary say to each other.
 *
 * All integers are big-endian.  A text is its length (uint32) and its bytes in the database's
 * encoding; length 0xFFFFFFFF is NULL.
 *
 *	request = uint8 version (1), uint8 kind, uint64 system identifier, uint32 database,
 *			  uint32 epoch, uint32 number of the key that seals, uint64 session,
 *			  uint64 nonce, 32 bytes MAC, body
 *	kind	= 'H' (hello): no body
 *			  'W' (windows): actor, uint8 CgAsk, text customer or NULL
 *			  'P' (permission): actor, uint32 relation
 *			  'R' (records): int64 backend start, uint32 backend pid, uint64 counter,
 *			  uint64 position, uint32 epoch, items (record.h)
 *	actor	= text name, identity; uint32 role, text name of the role; uint32 login, text
 *			  name of the login; uint8 is it a pool's; uint8 is there a token, and of it
 *			  uint64 subject, int64 issued
 *	answer	= uint8 version (1), uint8 status, uint64 statements purged, uint64 position,
 *			  int64 backend start, uint32 backend pid, 32 bytes MAC, body
 *	body	= to 'W': of each window uint32 relation, text customer, id or NULL, int64
 *			  opens_at, closes_at; to 'P': uint8 granted, bulk, text purpose or NULL,
 *			  reason or NULL; else empty
 *
 * MAC = HMAC-SHA-256, under the newest key of the journal, which the standby has from WAL.  Of a
 * request over "contact_guard forward" and a zero byte and all but the MAC; of an answer over
 * "contact_guard answer", a zero byte, the request's MAC, and all but the MAC.  So whoever may
 * call the function, but does not have the key, learns nothing and writes nothing; and a server
 * that is not the primary of this cluster cannot answer.
 */
#ifndef CG_FORWARDSEAL_H
#define CG_FORWARDSEAL_H

#include "lib/stringinfo.h"

#include "journal/messagemac.h"

#define CG_FORWARD_HELLO 'H'
#define CG_FORWARD_WINDOWS 'W'
#define CG_FORWARD_PERMISSION 'P'
#define CG_FORWARD_RECORDS 'R'

/* The pid of a standby's session has this bit, which none of the primary's processes has. */
#define CG_FORWARD_PID 0x80000000

typedef enum CgForwardStatus
{
	CG_FORWARD_DONE,
	CG_FORWARD_STALE			/* the records' position is too old, and nothing was written */
} CgForwardStatus;

typedef struct CgForwardRequest
{
	char		kind;
	uint64		system_identifier;
	uint32		database;
	uint32		epoch;
	uint32		seal;
	uint64		session;
	uint64		nonce;
} CgForwardRequest;

typedef struct CgForwardAnswer
{
	uint8		status;
	uint64		texts;			/* a number that changes when statements are purged */
	uint64		position;		/* where the primary's WAL ends */
	int64		backend_start;	/* of the process that answers */
	uint32		backend_pid;
} CgForwardAnswer;

/* Appends a request with its MAC to mac, too.  ERROR if there is no memory or no HMAC. */
extern void cg_forwardseal_request(StringInfo out, const CgForwardRequest *request, const StringInfoData *body,
								   const uint8 *key, uint8 *mac);

/* Reads what stands before the MAC, unchecked; *in is at the body then.  ERROR if it is malformed. */
extern CgForwardRequest cg_forwardseal_read_request(StringInfo in);

/* Has this key sealed the request that was read?  mac: gets the MAC. */
extern bool cg_forwardseal_is_request(const StringInfoData *in, const uint8 *key, uint8 *mac);

/* The same for an answer.  of: the MAC of the request. */
extern void cg_forwardseal_answer(StringInfo out, const CgForwardAnswer *answer, const StringInfoData *body,
								  const uint8 *key, const uint8 *of);
extern CgForwardAnswer cg_forwardseal_read_answer(StringInfo in);
extern bool cg_forwardseal_is_answer(const StringInfoData *in, const uint8 *key, const uint8 *of);

extern void cg_forwardseal_put_text(StringInfo out, const char *text);

/* palloc'd, or NULL.  ERROR if the message ends before. */
extern char *cg_forwardseal_get_text(StringInfo in);

#endif							/* CG_FORWARDSEAL_H */
