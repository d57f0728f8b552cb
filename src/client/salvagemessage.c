/*
 * salvagemessage.c
 *		From a message of the journal to its records.
 *
 * The format is in src/journal/record.h.  This is a reader of its own, as the client shares
 * no code with the server but what is pure.  It cannot check the seal, since it does not have
 * the key, so nothing that a message says is believed: each length is checked.
 */
#include "salvage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"

#define KNOWN_VERSION 3
#define FLAG_AGAIN 0x02
#define MAC_LENGTH 32
#define MOST_COLUMNS 64
#define BUCKETS 65536

/* Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch */
#define EPOCH_OFFSET INT64_C(946684800000000)

/* The last message of a session. */
typedef struct Session
{
	struct Session *next;
	uint32_t	database;
	uint32_t	epoch;
	int64_t		start;
	uint32_t	pid;
	uint64_t	counter;
} Session;

Left		left;

static Session *sessions[BUCKETS];
static CgLeafText columns[MOST_COLUMNS];
static int64_t closed_at;

static Session *find_salvage_session(const Message *message, uint32_t epoch, int64_t start, uint32_t pid);
static bool read_message_header(const Message *message, Cursor *in, Salvaged *record, bool *is_new);
static bool read_columns(Cursor *in, Salvaged *record);
static void read_salvage_record(Cursor *in, Salvaged *record, void (*take) (const Salvaged *record));
static uint64_t take_varint(Cursor *in);
static int64_t take_difference(Cursor *in);
static CgLeafText take_salvage_key(Cursor *in, int kind, int64_t *before);
static void read_set(Cursor *in, Salvaged *record, void (*take) (const Salvaged *record));

static Session *
find_salvage_session(const Message *message, uint32_t epoch, int64_t start, uint32_t pid)
{
	uint64_t	hash = ((uint64_t) start * 31 + pid) * UINT64_C(0x9E3779B97F4A7C15);
	Session   **bucket = &sessions[hash >> 48];
	Session    *session;

	for (session = *bucket; session != NULL; session = session->next)
		if (session->start == start && session->pid == pid && session->epoch == epoch && session->database == message->database)
			return session;
	session = allocate(sizeof(Session));
	*session = (Session) {.next = *bucket, .database = message->database, .epoch = epoch, .start = start, .pid = pid};
	*bucket = session;
	return session;
}

/* False: the message cannot be read. */
static bool
read_message_header(const Message *message, Cursor *in, Salvaged *record, bool *is_new)
{
	const uint8_t *first = take(in, 2);
	uint32_t	epoch = (uint32_t) take_int32(in);
	int64_t		start = take_int64(in);
	uint32_t	pid = (uint32_t) take_int32(in);
	uint64_t	counter = (uint64_t) take_int64(in);
	int64_t		seconds = start >= 0 ? start / 1000000 : -((999999 - start) / 1000000);
	Session    *session;

	if (first == NULL || first[0] < 1 || first[0] > KNOWN_VERSION)
		return false;
	if (first[0] > 1)
		(void) take_int64(in);
	(void) take(in, MAC_LENGTH);
	if (in->bad)
		return false;
	session = find_salvage_session(message, epoch, start, pid);
	*is_new = session->counter < counter;
	if (!*is_new)
		left.again++;
	else
	{
		/* The first message of a session that is read may have others before the fork. */
		if (session->counter != 0)
			left.missing += counter - session->counter - 1;
		session->counter = counter;
	}
	snprintf(record->session, sizeof(record->session), "%" PRIx64 ".%" PRIx32,
			 (uint64_t) (seconds + EPOCH_OFFSET / 1000000), pid);
	return true;
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

/* Item 'R' */
static void
read_salvage_record(Cursor *in, Salvaged *record, void (*take_record) (const Salvaged *record))
{
	const uint8_t *event = take(in, 1);

	record->read_at = take_int64(in) + EPOCH_OFFSET;
	record->relation = take_value(in);
	if (!read_columns(in, record))
		return;
	record->customer = take_value(in);
	record->count = take_int64(in);
	record->intervention = take_value(in);
	closed_at = take_int64(in);
	record->closed_at = closed_at == INT64_MIN ? NULL : &closed_at;
	closed_at = closed_at == INT64_MIN ? 0 : closed_at + EPOCH_OFFSET;
	record->purpose = take_value(in);
	record->reason = take_value(in);
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
		*before = (int64_t) ((uint64_t) *before + (uint64_t) take_difference(in));
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
	record->read_at = take_int64(in) + EPOCH_OFFSET;
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
	keys = cursor_of(bytes, length);
	for (uint32_t i = 0; i < number && !keys.bad; i++)
	{
		record->read_at += take_difference(&keys);
		record->customer = take_salvage_key(&keys, kind[0], &before);
		if (!keys.bad)
			take_record(record);
	}
	in->bad = keys.bad || keys.at != keys.end;
}

void
message_read(const Message *message, void (*take_record) (const Salvaged *record))
{
	Cursor		in = cursor_of(message->data, message->length);
	Salvaged	record = {.message = message};
	bool		is_new;

	left.messages++;
	if (!read_message_header(message, &in, &record, &is_new))
	{
		left.unknown++;
		return;
	}
	while (is_new && !in.bad && in.at < in.end)
	{
		int			kind = *take(&in, 1);

		if (kind == 'C')
		{
			record.actor = take_value(&in);
			record.login = take_value(&in);
			record.client = take_value(&in);
			record.application = take_value(&in);
			record.statement = take_int64(&in);
			record.query_id = take_int64(&in);
		}
		else if (kind == 'R')
			read_salvage_record(&in, &record, take_record);
		else if (kind == 'S')
			read_set(&in, &record, take_record);
		else if (kind == 'Q')
		{
			(void) take_int64(&in);
			(void) take_value(&in);
		}
		else
			in.bad = true;
	}
	if (in.bad)
		left.unknown++;
}
