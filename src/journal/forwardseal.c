/*
 * forwardseal.c
 *		The format of what a standby and the primary say to each other.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "libpq/pqformat.h"

#include "journal/forwardseal.h"

#define VERSION 1
#define REQUEST_HEAD (1 + 1 + 8 + 4 + 4 + 4 + 8 + 8)
#define ANSWER_HEAD (1 + 1 + 8 + 8 + 8 + 4)
#define NO_TEXT 0xFFFFFFFF

/* With the zero byte at its end */
static const char request_label[] = "contact_guard forward";
static const char answer_label[] = "contact_guard answer";

static void compute_seal(const CgMacPart *first, const char *data, size_t head, size_t length, const uint8 *key,
						 const uint8 *of, uint8 *mac);
static void finish_seal(StringInfo out, int begin, size_t head, const StringInfoData *body, const uint8 *key,
						const uint8 *of, uint8 *mac);
static void check_version(StringInfo in, size_t head);

/* of: NULL for a request.  first: the label. */
static void
compute_seal(const CgMacPart *first, const char *data, size_t head, size_t length, const uint8 *key,
			 const uint8 *of, uint8 *mac)
{
	CgMacPart	parts[4] = {*first, {of, of ? CG_MESSAGEMAC_LENGTH : 0}, {data, head}};

	parts[3] = (CgMacPart) {data + head + CG_MESSAGEMAC_LENGTH, length - head - CG_MESSAGEMAC_LENGTH};
	if (!cg_messagemac_compute(key, parts, lengthof(parts), mac))
		elog(ERROR, "could not compute HMAC");
}

static CgMacPart
label_of(const uint8 *of)
{
	return of ? (CgMacPart) {answer_label, sizeof(answer_label)} : (CgMacPart) {request_label, sizeof(request_label)};
}

/* The head has been put from begin on. */
static void
finish_seal(StringInfo out, int begin, size_t head, const StringInfoData *body, const uint8 *key, const uint8 *of,
			uint8 *mac)
{
	static const uint8 none[CG_MESSAGEMAC_LENGTH] = {0};
	CgMacPart	label = label_of(of);

	appendBinaryStringInfo(out, (const char *) none, sizeof(none));
	appendBinaryStringInfo(out, body->data, body->len);
	compute_seal(&label, out->data + begin, head, out->len - begin, key, of, mac);
	memcpy(out->data + begin + head, mac, CG_MESSAGEMAC_LENGTH);
}

void
cg_forwardseal_request(StringInfo out, const CgForwardRequest *request, const StringInfoData *body,
					   const uint8 *key, uint8 *mac)
{
	int			begin = out->len;

	pq_sendbyte(out, VERSION);
	pq_sendbyte(out, request->kind);
	pq_sendint64(out, request->system_identifier);
	pq_sendint32(out, request->database);
	pq_sendint32(out, request->epoch);
	pq_sendint32(out, request->seal);
	pq_sendint64(out, request->session);
	pq_sendint64(out, request->nonce);
	finish_seal(out, begin, REQUEST_HEAD, body, key, NULL, mac);
}

void
cg_forwardseal_answer(StringInfo out, const CgForwardAnswer *answer, const StringInfoData *body,
					  const uint8 *key, const uint8 *of)
{
	uint8		mac[CG_MESSAGEMAC_LENGTH];
	int			begin = out->len;

	pq_sendbyte(out, VERSION);
	pq_sendbyte(out, answer->status);
	pq_sendint64(out, answer->texts);
	pq_sendint64(out, answer->position);
	pq_sendint64(out, (uint64) answer->backend_start);
	pq_sendint32(out, answer->backend_pid);
	finish_seal(out, begin, ANSWER_HEAD, body, key, of, mac);
}

static void
check_version(StringInfo in, size_t head)
{
	if (in->len < head + CG_MESSAGEMAC_LENGTH || pq_getmsgbyte(in) != VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a message between a standby and the primary is malformed"),
				 errhint("Both need the same version of contact_guard.")));
}

CgForwardRequest
cg_forwardseal_read_request(StringInfo in)
{
	CgForwardRequest request;

	check_version(in, REQUEST_HEAD);
	request.kind = pq_getmsgbyte(in);
	request.system_identifier = pq_getmsgint64(in);
	request.database = pq_getmsgint(in, 4);
	request.epoch = pq_getmsgint(in, 4);
	request.seal = pq_getmsgint(in, 4);
	request.session = pq_getmsgint64(in);
	request.nonce = pq_getmsgint64(in);
	in->cursor += CG_MESSAGEMAC_LENGTH;
	return request;
}

CgForwardAnswer
cg_forwardseal_read_answer(StringInfo in)
{
	CgForwardAnswer answer;

	check_version(in, ANSWER_HEAD);
	answer.status = pq_getmsgbyte(in);
	answer.texts = pq_getmsgint64(in);
	answer.position = pq_getmsgint64(in);
	answer.backend_start = pq_getmsgint64(in);
	answer.backend_pid = pq_getmsgint(in, 4);
	in->cursor += CG_MESSAGEMAC_LENGTH;
	return answer;
}

bool
cg_forwardseal_is_request(const StringInfoData *in, const uint8 *key, uint8 *mac)
{
	CgMacPart	label = label_of(NULL);

	compute_seal(&label, in->data, REQUEST_HEAD, in->len, key, NULL, mac);
	return CRYPTO_memcmp(mac, in->data + REQUEST_HEAD, CG_MESSAGEMAC_LENGTH) == 0;
}

bool
cg_forwardseal_is_answer(const StringInfoData *in, const uint8 *key, const uint8 *of)
{
	uint8		mac[CG_MESSAGEMAC_LENGTH];
	CgMacPart	label = label_of(of);

	if (in->len < ANSWER_HEAD + CG_MESSAGEMAC_LENGTH)
		return false;
	compute_seal(&label, in->data, ANSWER_HEAD, in->len, key, of, mac);
	return CRYPTO_memcmp(mac, in->data + ANSWER_HEAD, CG_MESSAGEMAC_LENGTH) == 0;
}

void
cg_forwardseal_put_text(StringInfo out, const char *text)
{
	pq_sendint32(out, text ? (uint32) strlen(text) : NO_TEXT);
	if (text)
		appendBinaryStringInfo(out, text, strlen(text));
}

char *
cg_forwardseal_get_text(StringInfo in)
{
	uint32		length = pq_getmsgint(in, 4);

	if (length == NO_TEXT)
		return NULL;
	if (length > (uint32) (in->len - in->cursor))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a message between a standby and the primary is malformed")));
	return pnstrdup(pq_getmsgbytes(in, length), length);
}
