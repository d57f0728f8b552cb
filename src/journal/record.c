/*
 * record.c
 *		Writes and reads messages of the journal.
 *
 * The format is in record.h.
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"

#include "journal/messagemac.h"
#include "journal/record_private.h"

#define NULL_LENGTH 0xFFFFFFFFU
#define HEADER_LENGTH (1 + 1 + 4 + 8 + 4 + 8 + 8)
#define HEADER_LENGTH_1 (HEADER_LENGTH - 8)
#define MAC_DOMAIN "contact_guard journal"

StaticAssertDecl(CG_KEY_LENGTH == CG_MESSAGEMAC_KEY && CG_MAC_LENGTH == CG_MESSAGEMAC_LENGTH,
				 "keys and MACs are those of HMAC-SHA-256");

static size_t clipped(const char *string, size_t limit);
static bool skip_item(CgReader *in);
static bool compute_mac(const char *header, size_t header_length, const char *items, size_t length,
						uint64 system_identifier, uint32 database, const uint8 *key,
						unsigned char *mac);

const char *
cg_record_customer(const char *key)
{
	size_t		length = strlen(key);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	StringInfoData out;

	if (length <= CG_CUSTOMER_LENGTH)
		return key;
	SHA256((const unsigned char *) key, length, digest);
	length = clipped(key, CG_CUSTOMER_LENGTH / 2);
	initStringInfo(&out);
	appendBinaryStringInfo(&out, key, length);
	appendStringInfoString(&out, "...");
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		appendStringInfo(&out, "%02x", digest[i]);
	return out.data;
}

void
cg_record_put_int(StringInfo out, uint64 value, int bytes)
{
	uint64		big_endian = pg_hton64(value << (64 - 8 * bytes));

	/* Eight bytes are copied at once, whatever of them counts. */
	if (out->maxlen - out->len <= sizeof(big_endian))
		enlargeStringInfo(out, sizeof(big_endian));
	memcpy(out->data + out->len, &big_endian, sizeof(big_endian));
	out->len += bytes;
	out->data[out->len] = '\0';
}

/* The length of a string, at most limit; no character is cut in two. */
static size_t
clipped(const char *string, size_t limit)
{
	size_t		length = strnlen(string, limit + 1);

	return length <= limit ? length : pg_mbcliplen(string, length, limit);
}

void
cg_record_put_string(StringInfo out, const char *string, size_t limit)
{
	size_t		length;

	if (string == NULL)
	{
		cg_record_put_int(out, NULL_LENGTH, 4);
		return;
	}
	length = clipped(string, limit);
	cg_record_put_int(out, length, 4);
	appendBinaryStringInfo(out, string, length);
}

size_t
cg_record_string_room(const char *string, size_t limit)
{
	return 4 + (string ? strnlen(string, limit) : 0);
}

void
cg_record_put_context(StringInfo out, const CgRecordContext *context)
{
	/* Make room first: after an error, half an item in the buffer would spoil the message. */
	enlargeStringInfo(out, 64 + cg_record_string_room(context->actor, CG_NAME_LENGTH) + cg_record_string_room(context->login, CG_NAME_LENGTH) +
					  cg_record_string_room(context->client, CG_NAME_LENGTH) + cg_record_string_room(context->application, CG_NAME_LENGTH));
	appendStringInfoChar(out, 'C');
	cg_record_put_string(out, context->actor, CG_NAME_LENGTH);
	cg_record_put_string(out, context->login, CG_NAME_LENGTH);
	cg_record_put_string(out, context->client, CG_NAME_LENGTH);
	cg_record_put_string(out, context->application, CG_NAME_LENGTH);
	cg_record_put_int(out, context->statement, 8);
	cg_record_put_int(out, context->query_id, 8);
}

void
cg_record_put(StringInfo out, const CgRecord *record)
{
	size_t		room = 64 + cg_record_string_room(record->relation, CG_NAME_LENGTH) + cg_record_string_room(record->customer, CG_CUSTOMER_LENGTH) +
		cg_record_string_room(record->intervention, CG_NAME_LENGTH) + cg_record_string_room(record->purpose, CG_TEXT_LENGTH) +
		cg_record_string_room(record->reason, CG_TEXT_LENGTH);

	for (int i = 0; i < record->ncolumns; i++)
		room += cg_record_string_room(record->columns[i], CG_NAME_LENGTH);
	enlargeStringInfo(out, room);
	appendStringInfoChar(out, 'R');
	cg_record_put_int(out, record->event, 1);
	cg_record_put_int(out, record->read_at, 8);
	cg_record_put_string(out, record->relation, CG_NAME_LENGTH);
	cg_record_put_int(out, record->ncolumns, 2);
	for (int i = 0; i < record->ncolumns; i++)
		cg_record_put_string(out, record->columns[i], CG_NAME_LENGTH);
	cg_record_put_string(out, record->customer, CG_CUSTOMER_LENGTH);
	cg_record_put_int(out, record->count, 8);
	cg_record_put_string(out, record->intervention, CG_NAME_LENGTH);
	cg_record_put_int(out, record->closed_at, 8);
	cg_record_put_string(out, record->purpose, CG_TEXT_LENGTH);
	cg_record_put_string(out, record->reason, CG_TEXT_LENGTH);
}

void
cg_record_put_query(StringInfo out, int64 query_id, const char *query)
{
	enlargeStringInfo(out, 64 + cg_record_string_room(query, CG_QUERY_LENGTH));
	appendStringInfoChar(out, 'Q');
	cg_record_put_int(out, query_id, 8);
	cg_record_put_string(out, query, CG_QUERY_LENGTH);
}

static bool
compute_mac(const char *header, size_t header_length, const char *items, size_t length,
			uint64 system_identifier, uint32 database, const uint8 *key, unsigned char *mac)
{
	uint64		system = pg_hton64(system_identifier);
	uint32		oid = pg_hton32(database);
	CgMacPart	parts[] = {
		{MAC_DOMAIN, sizeof(MAC_DOMAIN)},
		{&system, sizeof(system)},
		{&oid, sizeof(oid)},
		{header, header_length},
		{items, length},
	};

	return cg_messagemac_compute(key, parts, lengthof(parts), mac);
}

bool
cg_record_seal(StringInfo out, const CgMessageHeader *header, const char *items, size_t length,
			   uint64 system_identifier, uint32 database, const uint8 *key)
{
	int			start = out->len;
	unsigned char mac[CG_MAC_LENGTH];

	cg_record_put_int(out, CG_RECORD_VERSION, 1);
	cg_record_put_int(out, header->flags, 1);
	cg_record_put_int(out, header->epoch, 4);
	cg_record_put_int(out, header->backend_start, 8);
	cg_record_put_int(out, header->backend_pid, 4);
	cg_record_put_int(out, header->counter, 8);
	cg_record_put_int(out, header->position, 8);
	if (!compute_mac(out->data + start, HEADER_LENGTH, items, length, system_identifier, database, key, mac))
		return false;
	appendBinaryStringInfo(out, (char *) mac, CG_MAC_LENGTH);
	appendBinaryStringInfo(out, items, length);
	return true;
}

uint32
cg_record_epoch(const char *message, size_t length)
{
	CgReader	in = {message, length, 2, false};

	return length < 2 ? 0 : cg_record_get_int(&in, 4);
}

bool
cg_record_open(const char *message, size_t length, CgMessageHeader *header, CgReader *items,
			   uint64 system_identifier, uint32 database, const uint8 *key)
{
	CgReader	in = {message, length, 0, false};
	size_t		header_length;
	unsigned char mac[CG_MAC_LENGTH];

	header->version = cg_record_get_int(&in, 1);
	if (header->version < 1)
		return false;
	header_length = header->version == 1 ? HEADER_LENGTH_1 : HEADER_LENGTH;
	if (length < header_length + CG_MAC_LENGTH)
		return false;
	header->flags = cg_record_get_int(&in, 1);
	header->epoch = cg_record_get_int(&in, 4);
	header->backend_start = cg_record_get_int(&in, 8);
	header->backend_pid = cg_record_get_int(&in, 4);
	header->counter = cg_record_get_int(&in, 8);
	header->position = header_length == HEADER_LENGTH ? cg_record_get_int(&in, 8) : 0;
	items->data = message + header_length + CG_MAC_LENGTH;
	items->length = length - header_length - CG_MAC_LENGTH;
	items->at = 0;
	items->bad = false;
	items->set.left = 0;
	return compute_mac(message, header_length, items->data, items->length, system_identifier, database, key, mac) &&
		CRYPTO_memcmp(mac, message + header_length, CG_MAC_LENGTH) == 0;
}

uint64
cg_record_get_int(CgReader *in, int bytes)
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

const char *
cg_record_get_string(CgReader *in)
{
	uint64		length = cg_record_get_int(in, 4);
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

void
cg_record_skip_bytes(CgReader *in, uint64 bytes)
{
	if (in->bad || in->length - in->at < bytes)
		in->bad = true;
	else
		in->at += bytes;
}

void
cg_record_skip_strings(CgReader *in, int count)
{
	while (count-- > 0 && !in->bad)
	{
		uint64		length = cg_record_get_int(in, 4);

		if (length != NULL_LENGTH)
			cg_record_skip_bytes(in, length);
	}
}

/* False at the end, and with in->bad set if the item is malformed. */
static bool
skip_item(CgReader *in)
{
	if (in->bad || in->at >= in->length)
		return false;
	switch (cg_record_get_int(in, 1))
	{
		case 'C':
			cg_record_skip_strings(in, 4);
			cg_record_skip_bytes(in, 16);
			break;
		case 'R':
			cg_record_skip_bytes(in, 9);
			cg_record_skip_strings(in, 1);
			cg_record_skip_strings(in, cg_record_get_int(in, 2));
			cg_record_skip_strings(in, 1);
			cg_record_skip_bytes(in, 8);
			cg_record_skip_strings(in, 1);
			cg_record_skip_bytes(in, 8);
			cg_record_skip_strings(in, 2);
			break;
		case 'S':
			cg_recordset_skip(in);
			break;
		case 'Q':
			cg_record_skip_bytes(in, 8);
			cg_record_skip_strings(in, 1);
			break;
		default:
			in->bad = true;
			break;
	}
	return !in->bad;
}

size_t
cg_record_cut(const char *items, size_t length, size_t limit, size_t *context, size_t *context_length)
{
	CgReader	in = {items, length, 0, false};
	size_t		end = 0;

	*context = *context_length = 0;
	for (;;)
	{
		size_t		begin = in.at;

		/* Always at least one item, or the caller's loop would not end. */
		if (!skip_item(&in) || (in.at > limit && end > 0))
			return end > 0 ? end : length;
		if (items[begin] == 'C')
		{
			*context = begin;
			*context_length = in.at - begin;
		}
		end = in.at;
	}
}

void
cg_record_get_columns(CgReader *reader, CgRecord *record)
{
	record->ncolumns = cg_record_get_int(reader, 2);
	if (record->ncolumns > CG_COLUMNS_MAX)
		reader->bad = true;
	record->columns = palloc(sizeof(char *) * (record->ncolumns + 1));
	for (int i = 0; i < record->ncolumns; i++)
	{
		record->columns[i] = cg_record_get_string(reader);
		if (record->columns[i] == NULL)
			reader->bad = true;
	}
}

static void
get_record(CgReader *reader, CgRecord *record)
{
	record->event = cg_record_get_int(reader, 1);
	record->read_at = cg_record_get_int(reader, 8);
	record->relation = cg_record_get_string(reader);
	cg_record_get_columns(reader, record);
	record->customer = cg_record_get_string(reader);
	record->count = cg_record_get_int(reader, 8);
	record->intervention = cg_record_get_string(reader);
	record->closed_at = cg_record_get_int(reader, 8);
	record->purpose = cg_record_get_string(reader);
	record->reason = cg_record_get_string(reader);
	if (cg_event_name(record->event) == NULL)
		reader->bad = true;
}

bool
cg_record_next(CgReader *reader, CgItem *item)
{
	if (reader->bad)
		return false;
	if (reader->set.left > 0)
	{
		item->kind = 'R';
		cg_recordset_next(reader, &item->record);
		return !reader->bad;
	}
	if (reader->at >= reader->length)
		return false;
	item->kind = cg_record_get_int(reader, 1);
	switch (item->kind)
	{
		case 'C':
			item->context.actor = cg_record_get_string(reader);
			item->context.login = cg_record_get_string(reader);
			item->context.client = cg_record_get_string(reader);
			item->context.application = cg_record_get_string(reader);
			item->context.statement = cg_record_get_int(reader, 8);
			item->context.query_id = cg_record_get_int(reader, 8);
			break;
		case 'R':
			get_record(reader, &item->record);
			break;
		case 'S':
			cg_recordset_begin(reader);
			return cg_record_next(reader, item);
		case 'Q':
			item->query_id = cg_record_get_int(reader, 8);
			item->query = cg_record_get_string(reader);
			break;
		default:
			reader->bad = true;
			break;
	}
	return !reader->bad;
}
