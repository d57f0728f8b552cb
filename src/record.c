/*
 * record.c
 *		The format of the journal: what readers write and the recorder reads.
 *
 * The format is in record.h.
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "record.h"

#define NULL_LENGTH 0xFFFFFFFFU
#define HEADER_LENGTH (1 + 1 + 4 + 8 + 4 + 8)
#define MAC_DOMAIN "contact_guard journal"

static void put_int(StringInfo out, uint64 value, int bytes);
static void put_string(StringInfo out, const char *string);
static uint64 get_int(CgReader *in, int bytes);
static const char *get_string(CgReader *in);
static bool compute_mac(const char *header, const char *items, size_t length,
						uint64 system_identifier, uint32 database, const uint8 *key,
						unsigned char *mac);

static const char *const event_names[] = {
	[CG_EVENT_SHOWN] = "shown",
	[CG_EVENT_WITHHELD] = "withheld",
	[CG_EVENT_LOOKUP] = "lookup",
	[CG_EVENT_BULK] = "bulk",
	[CG_EVENT_POLICY] = "policy",
	[CG_EVENT_AUDIT_READ] = "audit_read",
	[CG_EVENT_HEARTBEAT] = "heartbeat",
	[CG_EVENT_GAP] = "gap",
	[CG_EVENT_PURGE] = "purge",
	[CG_EVENT_EPOCH] = "epoch",
	[CG_EVENT_ERASE] = "erasure",
	[CG_EVENT_KEY] = "key",
	[CG_EVENT_REFUSED] = "refused",
};

const char *
cg_record_event_name(CgEvent event)
{
	return event_names[event];
}

const char *
cg_record_customer(const char *key)
{
	size_t		length = strlen(key);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	StringInfoData out;

	if (length <= CG_CUSTOMER_LENGTH)
		return key;
	SHA256((const unsigned char *) key, length, digest);
	length = CG_CUSTOMER_LENGTH / 2;
	/* Not in the midst of a character of UTF-8. */
	while (length > 0 && (key[length] & 0xC0) == 0x80)
		length--;
	initStringInfo(&out);
	appendBinaryStringInfo(&out, key, length);
	appendStringInfoString(&out, "...");
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		appendStringInfo(&out, "%02x", digest[i]);
	return out.data;
}

static void
put_int(StringInfo out, uint64 value, int bytes)
{
	while (bytes-- > 0)
		appendStringInfoCharMacro(out, (char) (value >> (8 * bytes)));
}

static void
put_string(StringInfo out, const char *string)
{
	size_t		length;

	if (string == NULL)
	{
		put_int(out, NULL_LENGTH, 4);
		return;
	}
	length = strlen(string);
	put_int(out, length, 4);
	appendBinaryStringInfo(out, string, length);
}

static size_t
string_room(const char *string)
{
	return 4 + (string ? strlen(string) : 0);
}

void
cg_record_put_context(StringInfo out, const CgRecordContext *context)
{
	/* Room first: half an item in the buffer would spoil the message. */
	enlargeStringInfo(out, 64 + string_room(context->actor) + string_room(context->login) +
					  string_room(context->client) + string_room(context->application));
	appendStringInfoChar(out, 'C');
	put_string(out, context->actor);
	put_string(out, context->login);
	put_string(out, context->client);
	put_string(out, context->application);
	put_int(out, context->statement, 8);
	put_int(out, context->query_id, 8);
}

void
cg_record_put(StringInfo out, const CgRecord *record)
{
	size_t		room = 64 + string_room(record->relation) + string_room(record->customer) +
		string_room(record->intervention) + string_room(record->purpose) +
		string_room(record->reason);

	for (int i = 0; i < record->ncolumns; i++)
		room += string_room(record->columns[i]);
	enlargeStringInfo(out, room);
	appendStringInfoChar(out, 'R');
	put_int(out, record->event, 1);
	put_int(out, record->read_at, 8);
	put_string(out, record->relation);
	put_int(out, record->ncolumns, 2);
	for (int i = 0; i < record->ncolumns; i++)
		put_string(out, record->columns[i]);
	put_string(out, record->customer);
	put_int(out, record->count, 8);
	put_string(out, record->intervention);
	put_int(out, record->closed_at, 8);
	put_string(out, record->purpose);
	put_string(out, record->reason);
}

void
cg_record_put_query(StringInfo out, int64 query_id, const char *query)
{
	enlargeStringInfo(out, 64 + string_room(query));
	appendStringInfoChar(out, 'Q');
	put_int(out, query_id, 8);
	put_string(out, query);
}

static bool
compute_mac(const char *header, const char *items, size_t length, uint64 system_identifier,
			uint32 database, const uint8 *key, unsigned char *mac)
{
	StringInfoData in;
	unsigned int maclen = 0;
	bool		ok;

	initStringInfo(&in);
	enlargeStringInfo(&in, sizeof(MAC_DOMAIN) + 12 + HEADER_LENGTH + length);
	appendBinaryStringInfo(&in, MAC_DOMAIN, sizeof(MAC_DOMAIN));
	put_int(&in, system_identifier, 8);
	put_int(&in, database, 4);
	appendBinaryStringInfo(&in, header, HEADER_LENGTH);
	appendBinaryStringInfo(&in, items, length);
	ok = HMAC(EVP_sha256(), key, CG_KEY_LENGTH, (unsigned char *) in.data, in.len,
			  mac, &maclen) != NULL && maclen == CG_MAC_LENGTH;
	pfree(in.data);
	return ok;
}

bool
cg_record_seal(StringInfo out, const CgMessageHeader *header, const char *items, size_t length,
			   uint64 system_identifier, uint32 database, const uint8 *key)
{
	int			start = out->len;
	unsigned char mac[EVP_MAX_MD_SIZE];

	put_int(out, CG_RECORD_VERSION, 1);
	put_int(out, header->flags, 1);
	put_int(out, header->epoch, 4);
	put_int(out, header->backend_start, 8);
	put_int(out, header->backend_pid, 4);
	put_int(out, header->counter, 8);
	if (!compute_mac(out->data + start, items, length, system_identifier, database, key, mac))
		return false;
	appendBinaryStringInfo(out, (char *) mac, CG_MAC_LENGTH);
	appendBinaryStringInfo(out, items, length);
	return true;
}

bool
cg_record_open(const char *message, size_t length, CgMessageHeader *header, CgReader *items,
			   uint64 system_identifier, uint32 database, const uint8 *key)
{
	CgReader	in = {message, length, 0, false};
	unsigned char mac[EVP_MAX_MD_SIZE];

	if (length < HEADER_LENGTH + CG_MAC_LENGTH)
		return false;
	if (get_int(&in, 1) != CG_RECORD_VERSION)
		return false;
	header->flags = get_int(&in, 1);
	header->epoch = get_int(&in, 4);
	header->backend_start = get_int(&in, 8);
	header->backend_pid = get_int(&in, 4);
	header->counter = get_int(&in, 8);
	items->data = message + HEADER_LENGTH + CG_MAC_LENGTH;
	items->length = length - HEADER_LENGTH - CG_MAC_LENGTH;
	items->at = 0;
	items->bad = false;
	return compute_mac(message, items->data, items->length, system_identifier, database, key, mac) &&
		CRYPTO_memcmp(mac, message + HEADER_LENGTH, CG_MAC_LENGTH) == 0;
}

static uint64
get_int(CgReader *in, int bytes)
{
	uint64		value = 0;

	if (in->bad || in->length - in->at < bytes)
	{
		in->bad = true;
		return 0;
	}
	while (bytes-- > 0)
		value = value << 8 | (unsigned char) in->data[in->at++];
	return value;
}

static const char *
get_string(CgReader *in)
{
	uint64		length = get_int(in, 4);
	char	   *string;

	if (in->bad || length == NULL_LENGTH)
		return NULL;
	if (in->length - in->at < length)
	{
		in->bad = true;
		return NULL;
	}
	string = pnstrdup(in->data + in->at, length);
	in->at += length;
	return string;
}

static void
get_record(CgReader *reader, CgRecord *record)
{
	record->event = get_int(reader, 1);
	record->read_at = get_int(reader, 8);
	record->relation = get_string(reader);
	record->ncolumns = get_int(reader, 2);
	record->columns = palloc(sizeof(char *) * (record->ncolumns + 1));
	for (int i = 0; i < record->ncolumns; i++)
	{
		record->columns[i] = get_string(reader);
		if (record->columns[i] == NULL)
			reader->bad = true;
	}
	record->customer = get_string(reader);
	record->count = get_int(reader, 8);
	record->intervention = get_string(reader);
	record->closed_at = get_int(reader, 8);
	record->purpose = get_string(reader);
	record->reason = get_string(reader);
	if (record->event < CG_EVENT_SHOWN || record->event >= lengthof(event_names))
		reader->bad = true;
}

bool
cg_record_next(CgReader *reader, CgItem *item)
{
	if (reader->bad || reader->at >= reader->length)
		return false;
	item->kind = get_int(reader, 1);
	switch (item->kind)
	{
		case 'C':
			item->context.actor = get_string(reader);
			item->context.login = get_string(reader);
			item->context.client = get_string(reader);
			item->context.application = get_string(reader);
			item->context.statement = get_int(reader, 8);
			item->context.query_id = get_int(reader, 8);
			break;
		case 'R':
			get_record(reader, &item->record);
			break;
		case 'Q':
			item->query_id = get_int(reader, 8);
			item->query = get_string(reader);
			break;
		default:
			reader->bad = true;
			break;
	}
	return !reader->bad;
}
