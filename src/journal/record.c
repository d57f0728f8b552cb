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

#define HEADER_LENGTH (1 + 1 + 4 + 8 + 4 + 8 + 8)
#define HEADER_LENGTH_1 (HEADER_LENGTH - 8)
#define MAC_DOMAIN "contact_guard journal"

StaticAssertDecl(CG_KEY_LENGTH == CG_MESSAGEMAC_KEY && CG_MAC_LENGTH == CG_MESSAGEMAC_LENGTH,
				 "keys and MACs are those of HMAC-SHA-256");

static size_t clipped(const char *string, size_t limit);
static Piece piece_of(const char *string, size_t limit, size_t *room);
static char *begin_item(StringInfo out, char kind, size_t room);
static void end_item(StringInfo out, const char *end);
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
	/* Eight bytes are copied at once, whatever of them counts. */
	if (out->maxlen - out->len <= (int) sizeof(value))
		enlargeStringInfo(out, sizeof(value));
	out->len = write_int(out->data + out->len, value, bytes) - out->data;
	out->data[out->len] = '\0';
}

/* The length of a string, at most limit; no character is cut in two. */
static size_t
clipped(const char *string, size_t limit)
{
	size_t		length = strnlen(string, limit + 1);

	return length <= limit ? length : pg_mbcliplen(string, length, limit);
}

/* Adds to room what the piece needs. */
static Piece
piece_of(const char *string, size_t limit, size_t *room)
{
	Piece		piece = {string, string ? clipped(string, limit) : 0};

	*room += 4 + piece.length;
	return piece;
}

/*
 * Makes all the room that an item needs before its first byte is written: after an error,
 * half an item in the buffer would spoil the message.
 */
static char *
begin_item(StringInfo out, char kind, size_t room)
{
	char	   *at;

	enlargeStringInfo(out, 64 + room);
	at = out->data + out->len;
	*at = kind;
	return at + 1;
}

static void
end_item(StringInfo out, const char *end)
{
	out->len = end - out->data;
	out->data[out->len] = '\0';
}

void
cg_record_put_string(StringInfo out, const char *string, size_t limit)
{
	size_t		room = sizeof(uint64);
	Piece		piece = piece_of(string, limit, &room);

	enlargeStringInfo(out, room);
	end_item(out, write_piece(out->data + out->len, piece));
}

size_t
cg_record_string_room(const char *string, size_t limit)
{
	return 4 + (string ? strnlen(string, limit) : 0);
}

void
cg_record_put_context(StringInfo out, const CgRecordContext *context)
{
	size_t		room = 0;
	Piece		actor = piece_of(context->actor, CG_NAME_LENGTH, &room);
	Piece		login = piece_of(context->login, CG_NAME_LENGTH, &room);
	Piece		client = piece_of(context->client, CG_NAME_LENGTH, &room);
	Piece		application = piece_of(context->application, CG_NAME_LENGTH, &room);
	char	   *at = begin_item(out, 'C', room);

	at = write_piece(at, actor);
	at = write_piece(at, login);
	at = write_piece(at, client);
	at = write_piece(at, application);
	at = write_int(at, context->statement, 8);
	at = write_int(at, context->query_id, 8);
	end_item(out, at);
}

void
cg_record_put(StringInfo out, const CgRecord *record)
{
	size_t		room = 0;
	Piece		relation = piece_of(record->relation, CG_NAME_LENGTH, &room);
	Piece		customer = piece_of(record->customer, CG_CUSTOMER_LENGTH, &room);
	Piece		intervention = piece_of(record->intervention, CG_NAME_LENGTH, &room);
	Piece		purpose = piece_of(record->purpose, CG_TEXT_LENGTH, &room);
	Piece		reason = piece_of(record->reason, CG_TEXT_LENGTH, &room);
	Piece		columns[CG_COLUMNS_MAX];
	char	   *at;

	for (int i = 0; i < record->ncolumns; i++)
		columns[i] = piece_of(record->columns[i], CG_NAME_LENGTH, &room);
	at = begin_item(out, 'R', room);
	at = write_int(at, record->event, 1);
	at = write_int(at, record->read_at, 8);
	at = write_piece(at, relation);
	at = write_int(at, record->ncolumns, 2);
	for (int i = 0; i < record->ncolumns; i++)
		at = write_piece(at, columns[i]);
	at = write_piece(at, customer);
	at = write_int(at, record->count, 8);
	at = write_piece(at, intervention);
	at = write_int(at, record->closed_at, 8);
	at = write_piece(at, purpose);
	at = write_piece(at, reason);
	end_item(out, at);
}

void
cg_record_put_query(StringInfo out, int64 query_id, const char *query)
{
	size_t		room = 0;
	Piece		text = piece_of(query, CG_QUERY_LENGTH, &room);
	char	   *at = begin_item(out, 'Q', room);

	at = write_int(at, query_id, 8);
	end_item(out, write_piece(at, text));
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
	char	   *start;
	char	   *at;
	unsigned char mac[CG_MAC_LENGTH];

	enlargeStringInfo(out, HEADER_LENGTH + CG_MAC_LENGTH + length);
	at = start = out->data + out->len;
	at = write_int(at, CG_RECORD_VERSION, 1);
	at = write_int(at, header->flags, 1);
	at = write_int(at, header->epoch, 4);
	at = write_int(at, header->backend_start, 8);
	at = write_int(at, header->backend_pid, 4);
	at = write_int(at, header->counter, 8);
	at = write_int(at, header->position, 8);
	if (!compute_mac(start, HEADER_LENGTH, items, length, system_identifier, database, key, mac))
		return false;
	memcpy(at, mac, CG_MAC_LENGTH);
	at += CG_MAC_LENGTH;
	memcpy(at, items, length);
	end_item(out, at + length);
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
