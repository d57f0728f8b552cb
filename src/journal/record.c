/*
 * record.c
 *		Writes messages of the journal, and opens them: recordread.c reads what is in them.
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
static char *write_window(char *at, const CgRecordWindow *window);
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
	Piece		identity = piece_of(context->identity, CG_NAME_LENGTH, &room);
	char	   *at = begin_item(out, 'C', room);

	at = write_piece(at, actor);
	at = write_piece(at, login);
	at = write_piece(at, client);
	at = write_piece(at, application);
	at = write_piece(at, identity);
	at = write_int(at, context->statement, 8);
	at = write_int(at, context->query_id, 8);
	end_item(out, at);
}

static char *
write_window(char *at, const CgRecordWindow *window)
{
	at = write_int(at, window->opens_at, 8);
	return write_int(at, window->closes_at, 8);
}

void
cg_record_put(StringInfo out, const CgRecord *record)
{
	int			parts = (record->window.known ? PART_WINDOW : 0) | (record->previous_window.known ? PART_PREVIOUS : 0) |
		(record->technician ? PART_TECHNICIAN : 0) | (record->transaction != 0 ? PART_TRANSACTION : 0);
	size_t		room = 0;
	Piece		relation = piece_of(record->relation, CG_NAME_LENGTH, &room);
	Piece		customer = piece_of(record->customer, CG_CUSTOMER_LENGTH, &room);
	Piece		intervention = piece_of(record->intervention, CG_NAME_LENGTH, &room);
	Piece		purpose = piece_of(record->purpose, CG_TEXT_LENGTH, &room);
	Piece		reason = piece_of(record->reason, CG_TEXT_LENGTH, &room);
	Piece		technician = piece_of(record->technician, CG_NAME_LENGTH, &room);
	Piece		columns[CG_COLUMNS_MAX];
	char	   *at;

	for (int i = 0; i < record->ncolumns; i++)
		columns[i] = piece_of(record->columns[i], CG_NAME_LENGTH, &room);
	at = begin_item(out, 'R', room + 2 * sizeof(CgRecordWindow) + sizeof(record->transaction));
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
	at = write_int(at, parts, 1);
	if (record->window.known)
		at = write_window(at, &record->window);
	if (record->previous_window.known)
		at = write_window(at, &record->previous_window);
	if (record->technician)
		at = write_piece(at, technician);
	if (record->transaction != 0)
		at = write_int(at, record->transaction, 8);
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
	CgReader	in = {message, length, 2};

	return length < 2 ? 0 : cg_recordread_int(&in, 4);
}

bool
cg_record_open(const char *message, size_t length, CgMessageHeader *header, CgReader *items,
			   uint64 system_identifier, uint32 database, const uint8 *key)
{
	CgReader	in = {message, length};
	size_t		header_length;
	unsigned char mac[CG_MAC_LENGTH];

	header->version = cg_recordread_int(&in, 1);
	if (header->version < 1)
		return false;
	header_length = header->version == 1 ? HEADER_LENGTH_1 : HEADER_LENGTH;
	if (length < header_length + CG_MAC_LENGTH)
		return false;
	header->flags = cg_recordread_int(&in, 1);
	header->epoch = cg_recordread_int(&in, 4);
	header->backend_start = cg_recordread_int(&in, 8);
	header->backend_pid = cg_recordread_int(&in, 4);
	header->counter = cg_recordread_int(&in, 8);
	header->position = header_length == HEADER_LENGTH ? cg_recordread_int(&in, 8) : 0;
	items->data = message + header_length + CG_MAC_LENGTH;
	items->length = length - header_length - CG_MAC_LENGTH;
	items->at = 0;
	items->bad = false;
	items->version = header->version;
	items->set.left = 0;
	return compute_mac(message, header_length, items->data, items->length, system_identifier, database, key, mac) &&
		CRYPTO_memcmp(mac, message + header_length, CG_MAC_LENGTH) == 0;
}
