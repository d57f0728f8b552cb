/*
 * salvagemessage.c
 *		From a message of the journal to its records.
 *
 * The format is in src/journal/record.h.  This is a reader of its own, as the client shares
 * no code with the server but what is pure.  It cannot check the seal, since it does not have
 * the key, so nothing that a message says is believed: each length is checked.
 */
#include "salvage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/event.h"
#include "common/hasher.h"

#define KNOWN_VERSION 4
#define FLAG_AGAIN 0x02
#define MAC_LENGTH 32
#define MOST_COLUMNS 64

/* What a record has behind its reason, since version 4 */
#define PART_WINDOW 0x01
#define PART_PREVIOUS 0x02
#define PART_TECHNICIAN 0x04
#define PART_TRANSACTION 0x08
#define PARTS (PART_WINDOW | PART_PREVIOUS | PART_TECHNICIAN | PART_TRANSACTION)
#define BUCKETS 65536

/* Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch */
#define EPOCH_OFFSET INT64_C(946684800000000)

/* Of one session or the other, the first so many messages are named whose numbers are odd. */
#define MOST_NAMED 20

/* A message that makes more bytes of records is read last. */
#define MOST_OUTPUT (UINT64_C(16) << 20)

#define SECRET_LENGTH 16

/* The number of the last message of a session. */
typedef struct Session
{
	struct Session *next;
	uint32_t	database;
	uint32_t	epoch;
	int64_t		start;
	uint32_t	pid;
	uint64_t	counter;
} Session;

/* The messages that were taken, by the hash of all that a repetition has in common with the first. */
typedef struct Taken
{
	struct Taken *next;
	uint8_t		hash[CG_HASH_LENGTH];
} Taken;

typedef struct MessageHeader
{
	uint8_t		version;
	uint8_t		flags;
	uint32_t	epoch;
	int64_t		start;
	uint32_t	pid;
	uint64_t	counter;
} MessageHeader;

Left		left;

static Session *sessions[BUCKETS];
static Taken *taken[BUCKETS];
static CgLeafText columns[MOST_COLUMNS];
static int64_t closed_at;
static int64_t windows[4];
static uint64_t output;			/* bytes of the texts of records that were counted */

static int64_t add_wrapped(int64_t first, int64_t second);
static uint8_t *put_session(uint8_t *at, const Message *message, const MessageHeader *header);
static void digest_of(const uint8_t *of, size_t length, Cursor items, uint8_t *hash);
static bool take_once(const Message *message, const MessageHeader *header, Cursor items);
static void note_number(const Message *message, const MessageHeader *header, const char *name);
static bool read_message_header(Cursor *in, MessageHeader *header, Salvaged *record);
static bool read_columns(Cursor *in, Salvaged *record);
static void read_salvage_parts(Cursor *in, int version, Salvaged *record);
static void read_salvage_record(Cursor *in, int version, Salvaged *record, void (*take) (const Salvaged *record));
static uint64_t take_varint(Cursor *in);
static int64_t take_difference(Cursor *in);
static CgLeafText take_salvage_key(Cursor *in, int kind, int64_t *before);
static void read_set(Cursor *in, Salvaged *record, void (*take) (const Salvaged *record));
static bool read_items(Cursor in, int version, Salvaged *record, void (*take) (const Salvaged *record));
static void count_output(const Salvaged *record);

/* A false message may have any numbers. */
static int64_t
add_wrapped(int64_t first, int64_t second)
{
	return (int64_t) ((uint64_t) first + (uint64_t) second);
}

/* The session, behind a secret: nobody can choose messages that all come into one bucket. */
static uint8_t *
put_session(uint8_t *at, const Message *message, const MessageHeader *header)
{
	static uint8_t secret[SECRET_LENGTH];
	static bool has_secret = false;

	if (!has_secret && getentropy(secret, sizeof(secret)) != 0)
		fail(EXIT_UNCHECKED, "could not get random bytes: %s", strerror(errno));
	has_secret = true;
	memcpy(at, secret, sizeof(secret));
	at += sizeof(secret);
	cg_bytes_set_uint32(at, message->database);
	cg_bytes_set_uint32(at + 4, header->epoch);
	cg_bytes_set_uint32(at + 8, header->pid);
	cg_bytes_set_uint32(at + 12, (uint32_t) ((uint64_t) header->start >> 32));
	cg_bytes_set_uint32(at + 16, (uint32_t) header->start);
	return at + 20;
}

static void
digest_of(const uint8_t *of, size_t length, Cursor items, uint8_t *hash)
{
	static CgHasher hasher;

	if ((hasher.context == NULL && cg_hasher_open(&hasher) != CG_MERKLE_OK) ||
		cg_hasher_digest(&hasher, of, length, items.at, (size_t) (items.end - items.at), hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "could not compute a hash");
}

/*
 * False: a message of the same session with the same number and items was taken before.  The
 * position and the seal differ in one that is written again, and say nothing here.
 */
static bool
take_once(const Message *message, const MessageHeader *header, Cursor items)
{
	uint8_t		of[SECRET_LENGTH + 28];
	uint8_t    *at = put_session(of, message, header);
	Taken	   *one = allocate(sizeof(Taken));
	Taken	  **bucket;

	cg_bytes_set_uint32(at, (uint32_t) (header->counter >> 32));
	cg_bytes_set_uint32(at + 4, (uint32_t) header->counter);
	digest_of(of, sizeof(of), items, one->hash);
	bucket = &taken[cg_bytes_get_uint16(one->hash)];
	for (const Taken *other = *bucket; other != NULL; other = other->next)
		if (memcmp(other->hash, one->hash, CG_HASH_LENGTH) == 0)
		{
			free(one);
			return false;
		}
	one->next = *bucket;
	*bucket = one;
	return true;
}

/* The first message of a session that is read may have others before the fork. */
static void
note_number(const Message *message, const MessageHeader *header, const char *name)
{
	uint8_t		of[SECRET_LENGTH + 20];
	uint8_t		hash[CG_HASH_LENGTH];
	Session   **bucket;
	Session    *session;

	(void) put_session(of, message, header);
	digest_of(of, sizeof(of), cursor_of(of, 0), hash);
	bucket = &sessions[cg_bytes_get_uint16(hash)];
	for (session = *bucket; session != NULL; session = session->next)
		if (session->start == header->start && session->pid == header->pid && session->epoch == header->epoch &&
			session->database == message->database)
			break;
	if (session == NULL)
	{
		session = allocate(sizeof(Session));
		*session = (Session) {*bucket, message->database, header->epoch, header->start, header->pid, header->counter};
		*bucket = session;
		return;
	}
	if (header->counter != session->counter + 1 && left.disordered++ < MOST_NAMED)
		fprintf(stderr, "session %s: the message at " POSITION " has number %" PRIu64 ", and the one before it %" PRIu64 "\n",
				name, POSITION_ARGS(message->position), header->counter, session->counter);
	session->counter = header->counter;
}

/* False: the message cannot be read. */
static bool
read_message_header(Cursor *in, MessageHeader *header, Salvaged *record)
{
	const uint8_t *first = take(in, 2);
	int64_t		seconds;

	header->epoch = (uint32_t) take_int32(in);
	header->start = take_int64(in);
	header->pid = (uint32_t) take_int32(in);
	header->counter = (uint64_t) take_int64(in);
	if (first == NULL || first[0] < 1 || first[0] > KNOWN_VERSION)
		return false;
	header->version = first[0];
	header->flags = first[1];
	if (first[0] > 1)
		(void) take_int64(in);
	(void) take(in, MAC_LENGTH);
	seconds = header->start / 1000000 - (header->start % 1000000 < 0);
	snprintf(record->session, sizeof(record->session), "%" PRIx64 ".%" PRIx32,
			 (uint64_t) seconds + EPOCH_OFFSET / 1000000, header->pid);
	return !in->bad;
}

static bool
read_columns(Cursor *in, Salvaged *record)
{
	record->ncolumns = (uint16_t) take_int16(in);
	record->columns = columns;
	if (record->ncolumns > MOST_COLUMNS)
		in->bad = true;
	for (int i = 0; i < record->ncolumns && !in->bad; i++)
		columns[i] = take_value(in);
	return !in->bad;
}

/* What follows the reason; nothing does in older versions */
static void
read_salvage_parts(Cursor *in, int version, Salvaged *record)
{
	const uint8_t *parts = version < 4 ? NULL : take(in, 1);
	int			has = parts == NULL ? 0 : *parts;

	for (int i = 0; i < 4; i++)
	{
		if ((has & (i < 2 ? PART_WINDOW : PART_PREVIOUS)) != 0)
			windows[i] = time_since_1970(take_int64(in));
	}
	record->opens_at = (has & PART_WINDOW) != 0 ? &windows[0] : NULL;
	record->closes_at = (has & PART_WINDOW) != 0 ? &windows[1] : NULL;
	record->previous_opens_at = (has & PART_PREVIOUS) != 0 ? &windows[2] : NULL;
	record->previous_closes_at = (has & PART_PREVIOUS) != 0 ? &windows[3] : NULL;
	record->technician = (has & PART_TECHNICIAN) != 0 ? take_value(in) : (CgLeafText) {0};
	/* What became of the transaction is not in the WAL of messages. */
	if ((has & PART_TRANSACTION) != 0)
		(void) take_int64(in);
	in->bad = in->bad || (has & ~PARTS) != 0;
}

/* Item 'R' */
static void
read_salvage_record(Cursor *in, int version, Salvaged *record, void (*take_record) (const Salvaged *record))
{
	const uint8_t *event = take(in, 1);

	record->read_at = add_wrapped(take_int64(in), EPOCH_OFFSET);
	record->relation = take_value(in);
	if (!read_columns(in, record))
		return;
	record->customer = take_value(in);
	record->count = take_int64(in);
	record->intervention = take_value(in);
	closed_at = take_int64(in);
	record->closed_at = closed_at == INT64_MIN ? NULL : &closed_at;
	closed_at = add_wrapped(closed_at, EPOCH_OFFSET);
	record->purpose = take_value(in);
	record->reason = take_value(in);
	read_salvage_parts(in, version, record);
	if (in->bad)
		return;
	record->event = event[0];
	take_record(record);
}

static uint64_t
take_varint(Cursor *in)
{
	uint64_t	value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		const uint8_t *byte = take(in, 1);

		if (byte == NULL)
			return 0;
		value |= (uint64_t) (*byte & 0x7f) << shift;
		if ((*byte & 0x80) == 0)
			return value;
	}
	in->bad = true;
	return 0;
}

static int64_t
take_difference(Cursor *in)
{
	uint64_t	value = take_varint(in);

	return (int64_t) (value >> 1 ^ -(value & 1));
}

/* The key of a customer.  before: the number of the one before. */
static CgLeafText
take_salvage_key(Cursor *in, int kind, int64_t *before)
{
	static char text[64];
	CgLeafText	key = {text, 0};

	if (kind == 'I')
	{
		*before = add_wrapped(*before, take_difference(in));
		key.length = (size_t) snprintf(text, sizeof(text), "%" PRId64, *before);
	}
	else if (kind == 'U')
	{
		const uint8_t *bytes = take(in, 16);

		for (int i = 0; bytes != NULL && i < 16; i++)
			key.length += (size_t) snprintf(text + key.length, sizeof(text) - key.length, "%s%02x",
											i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	}
	else if (kind == 'T')
	{
		key.length = take_varint(in);
		key.data = (const char *) take(in, key.length);
	}
	else
		in->bad = true;
	return key;
}

/* Item 'S': a record for each customer */
static void
read_set(Cursor *in, Salvaged *record, void (*take_record) (const Salvaged *record))
{
	const uint8_t *event = take(in, 1);
	const uint8_t *kind;
	uint32_t	number;
	uint32_t	length;
	const uint8_t *bytes;
	Cursor		keys;
	int64_t		before = 0;

	record->relation = take_value(in);
	if (!read_columns(in, record))
		return;
	record->purpose = take_value(in);
	record->reason = take_value(in);
	record->read_at = add_wrapped(take_int64(in), EPOCH_OFFSET);
	kind = take(in, 1);
	number = (uint32_t) take_int32(in);
	length = (uint32_t) take_int32(in);
	bytes = take(in, length);
	if (in->bad)
		return;
	record->event = event[0];
	record->count = 1;
	record->intervention = (CgLeafText) {0};
	record->closed_at = NULL;
	read_salvage_parts(in, 0, record);
	keys = cursor_of(bytes, length);
	for (uint32_t i = 0; i < number && !keys.bad; i++)
	{
		record->read_at = add_wrapped(record->read_at, take_difference(&keys));
		record->customer = take_salvage_key(&keys, kind[0], &before);
		if (!keys.bad)
			take_record(record);
	}
	in->bad = keys.bad || keys.at != keys.end;
}

/* False: they are malformed, or of a later version. */
static bool
read_items(Cursor in, int version, Salvaged *record, void (*take_record) (const Salvaged *record))
{
	while (!in.bad && in.at < in.end)
	{
		int			kind = *take(&in, 1);

		if (kind == 'C')
		{
			record->actor = take_value(&in);
			record->login = take_value(&in);
			record->client = take_value(&in);
			record->application = take_value(&in);
			record->identity = version < 4 ? (CgLeafText) {0} : take_value(&in);
			record->statement = take_int64(&in);
			record->query_id = take_int64(&in);
		}
		else if (kind == 'R')
			read_salvage_record(&in, version, record, take_record);
		else if (kind == 'S')
			read_set(&in, record, take_record);
		else if (kind == 'Q')
		{
			(void) take_int64(&in);
			(void) take_value(&in);
		}
		else
			in.bad = true;
	}
	return !in.bad;
}

static void
count_output(const Salvaged *record)
{
	output += record->actor.length + record->login.length + record->client.length + record->application.length +
		record->relation.length + record->customer.length + record->intervention.length + record->purpose.length +
		record->reason.length + record->identity.length + record->technician.length;
	for (int i = 0; i < record->ncolumns; i++)
		output += record->columns[i].length;
}

bool
message_read(const Message *message, bool is_last, void (*take_record) (const Salvaged *record))
{
	Cursor		in = cursor_of(message->data, message->length);
	Salvaged	record = {.message = message};
	Salvaged	counted = record;
	MessageHeader header = {0};
	bool		is_good = read_message_header(&in, &header, &record);

	output = 0;
	if (is_good && !is_last)
		(void) read_items(in, header.version, &counted, count_output);
	if (output > MOST_OUTPUT)
		return false;
	left.messages++;
	if (is_good && !take_once(message, &header, in) && (header.flags & FLAG_AGAIN) != 0)
	{
		left.again++;
		return true;
	}
	if (is_good)
		note_number(message, &header, record.session);
	if (!is_good || !read_items(in, header.version, &record, take_record))
		left.unknown++;
	return true;
}
