/*
 * salvagewal.c
 *		The messages in the WAL of a stopped server.
 *
 * The records are read one behind the other: each has its length, the position of the one
 * before and a CRC in its header.  These headers, those of pages, and the form of a message
 * are the same in all versions of PostgreSQL that have this extension.  pg_waldump would print
 * the messages, but as text in which anybody's prefix may look like a line of its own, and it
 * gives up at a message that is too long for it to print.
 *
 * A place that is not a record is the end only if no WAL of this server stands behind it.
 * Otherwise it is damage, and what is behind is read, too.
 */
#include "salvage.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_HEADER 24
#define AT_PREVIOUS 8
#define AT_INFO 16
#define AT_MANAGER 17
#define AT_CRC 20

#define MANAGER_XLOG 0
#define INFO_SWITCH 0x40		/* of XLOG: the rest of the segment is not used */
#define MANAGER_MESSAGE 21

#define DATA_SHORT 255			/* a byte with the length of the data follows */
#define DATA_LONG 254			/* four bytes */
#define ORIGIN 253
#define TOPLEVEL_XID 252

/* The data of a message: database, is it transactional, two lengths of eight bytes; the bytes */
#define MESSAGE_HEADER 24
#define AT_TRANSACTIONAL 4
#define AT_PREFIX_LENGTH 8
#define AT_LENGTH 16

#define PREFIX "contact_guard"

/* The recorder, too, passes a message that is longer. */
#define MOST_KEPT ((size_t) 17 << 20)

/* A record, of which bytes has at most MOST_KEPT. */
typedef struct WalRecord
{
	uint64_t	begin;
	uint64_t	next;			/* where the next record begins */
	uint64_t	previous;
	uint32_t	length;
	uint8_t    *bytes;
	size_t		room;
} WalRecord;

typedef enum Found
{
	FOUND_RECORD,
	FOUND_CUT_OFF,				/* a crash has cut it off, and other WAL begins at "next" */
	FOUND_NONE
} Found;

static uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t length);
static void keep_bytes(WalRecord *record, size_t at, const uint8_t *bytes, size_t length);
static Found read_wal_record(Wal *wal, uint64_t begin, uint32_t longest, WalRecord *record);
static bool has_right_crc(const WalRecord *record, uint32_t of_data);
static uint64_t find_in_page(Wal *wal, uint64_t position, WalRecord *record);
static uint64_t find_behind(Wal *wal, uint64_t position, WalRecord *record);
static void take_wal_record(const WalRecord *record, void (*take) (const Message *message));

/* CRC-32C */
static uint32_t
crc_add(uint32_t crc, const uint8_t *bytes, size_t length)
{
	static uint32_t table[256];

	if (table[1] == 0)
		for (uint32_t i = 0; i < 256; i++)
		{
			table[i] = i;
			for (int bit = 0; bit < 8; bit++)
				table[i] = table[i] >> 1 ^ ((table[i] & 1) != 0 ? UINT32_C(0x82F63B78) : 0);
		}
	for (size_t i = 0; i < length; i++)
		crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
	return crc;
}

/* Keeps bytes of a record that stand at that place in it. */
static void
keep_bytes(WalRecord *record, size_t at, const uint8_t *bytes, size_t length)
{
	size_t		kept = at < MOST_KEPT ? MOST_KEPT - at : 0;

	kept = kept < length ? kept : length;
	if (kept == 0)
		return;
	if (at + kept > record->room)
	{
		record->room = 2 * (at + kept);
		record->bytes = reallocate(record->bytes, record->room);
	}
	memcpy(record->bytes + at, bytes, kept);
}

/* Reads the record that begins there, over as many pages as it has.  A longer one is none. */
static Found
read_wal_record(Wal *wal, uint64_t begin, uint32_t longest, WalRecord *record)
{
	uint64_t	at = wal_record_start(wal, begin);
	uint32_t	timeline = 0;
	uint32_t	crc = UINT32_MAX;
	uint32_t	done = 0;

	record->begin = at;
	record->length = 0;
	do
	{
		uint64_t	start = at - at % wal->page_bytes;
		size_t		offset = at % wal->page_bytes;
		size_t		part = wal->page_bytes - offset;
		PageHeader	header;
		const uint8_t *page = wal_page(wal, start, &header);

		if (page == NULL)
			return FOUND_NONE;
		if (done == 0)
			memcpy(&record->length, page + offset, sizeof(record->length));
		else if ((header.flags & FLAG_OVERWRITTEN) != 0)
		{
			record->next = start;
			return FOUND_CUT_OFF;
		}
		else if ((header.flags & FLAG_CONTINUED) == 0 || header.rest != record->length - done)
			return FOUND_NONE;
		if (record->length < RECORD_HEADER || record->length > longest)
			return FOUND_NONE;
		if (part > record->length - done)
			part = record->length - done;
		keep_bytes(record, done, page + offset, part);
		if (done + part > RECORD_HEADER)
		{
			size_t		skip = done < RECORD_HEADER ? RECORD_HEADER - done : 0;

			crc = crc_add(crc, page + offset + skip, part - skip);
		}
		done += (uint32_t) part;
		timeline = header.timeline;
		at = wal_record_start(wal, at + part);
	} while (done < record->length);
	memcpy(&record->previous, record->bytes + AT_PREVIOUS, sizeof(record->previous));
	record->next = ALIGNED(at);
	if (record->bytes[AT_MANAGER] == MANAGER_XLOG && (record->bytes[AT_INFO] & 0xf0) == INFO_SWITCH)
		record->next = (record->next + wal->segment_bytes - 1) / wal->segment_bytes * wal->segment_bytes;
	record->next = wal_record_start(wal, record->next);
	if (!has_right_crc(record, crc))
		return FOUND_NONE;
	wal->page_timeline = timeline;
	return FOUND_RECORD;
}

/* The CRC is of the data first, and then of the header in front of it. */
static bool
has_right_crc(const WalRecord *record, uint32_t of_data)
{
	uint32_t	crc;

	memcpy(&crc, record->bytes + AT_CRC, sizeof(crc));
	return (crc_add(of_data, record->bytes, AT_CRC) ^ UINT32_MAX) == crc;
}

/*
 * The first record behind the position in its page that names a record from there on before it.
 * Long ones are not looked for: each candidate has to be read.
 */
static uint64_t
find_in_page(Wal *wal, uint64_t position, WalRecord *record)
{
	uint64_t	end = position - position % wal->page_bytes + wal->page_bytes;
	uint32_t	page_timeline = wal->page_timeline;

	for (uint64_t at = position + 8; at < end; at += 8)
	{
		Found		found = read_wal_record(wal, at, MOST_KEPT, record);

		wal->page_timeline = page_timeline;
		if (found == FOUND_RECORD && record->previous >= position && record->previous < at)
			return at;
	}
	return NO_POSITION;
}

/*
 * Where WAL of this server goes on behind a position that is not a record; or NO_POSITION.  Of
 * segments, only those that are there are looked at: names may have any numbers.
 */
static uint64_t
find_behind(Wal *wal, uint64_t position, WalRecord *record)
{
	uint64_t	found = find_in_page(wal, position, record);
	uint64_t	start = position - position % wal->page_bytes + wal->page_bytes;

	for (size_t i = 0; i < wal->nsegments; i++)
	{
		uint64_t	first = wal->segments[i] * wal->segment_bytes;

		if (start < first)
			start = first;
		for (; found == NO_POSITION && start - first < wal->segment_bytes; start += wal->page_bytes)
			found = wal_first_start(wal, &start);
	}
	return found;
}

static void
take_wal_record(const WalRecord *record, void (*take_message) (const Message *message))
{
	Cursor		in = cursor_of(record->bytes, record->length < MOST_KEPT ? record->length : MOST_KEPT);
	Message		message = {.position = record->begin};
	const uint8_t *kind;
	const uint8_t *data;
	uint64_t	prefix_length;
	uint64_t	length;

	if (record->bytes[AT_MANAGER] != MANAGER_MESSAGE)
		return;
	(void) take(&in, RECORD_HEADER);
	while ((kind = take(&in, 1)) != NULL && (*kind == ORIGIN || *kind == TOPLEVEL_XID))
		(void) take(&in, *kind == ORIGIN ? 2 : 4);
	if (kind == NULL || (*kind != DATA_SHORT && *kind != DATA_LONG))
		return;
	(void) take(&in, *kind == DATA_SHORT ? 1 : 4);
	data = take(&in, MESSAGE_HEADER);
	if (data == NULL)
		return;
	memcpy(&message.database, data, sizeof(message.database));
	memcpy(&prefix_length, data + AT_PREFIX_LENGTH, sizeof(prefix_length));
	memcpy(&length, data + AT_LENGTH, sizeof(length));
	if (data[AT_TRANSACTIONAL] != 0 || prefix_length != sizeof(PREFIX))
		return;
	data = take(&in, sizeof(PREFIX));
	if (data == NULL || memcmp(data, PREFIX, sizeof(PREFIX)) != 0)
		return;
	message.length = (size_t) length;
	/* NULL, of a message that is too long to be one of ours */
	message.data = take(&in, message.length);
	take_message(&message);
}

void
wal_read(Wal *wal, void (*take_message) (const Message *message))
{
	WalRecord	record = {0};
	uint64_t	first = wal->from;
	uint64_t	at = wal_first_start(wal, &first);
	uint64_t	previous = NO_POSITION;
	uint64_t	since = wal_record_start(wal, wal->since);
	uint64_t	next;

	wal->end = wal_record_start(wal, wal->from);
	if (at == NO_POSITION)
		at = wal->end;
	for (;;)
	{
		Found		found = read_wal_record(wal, at, INT32_MAX, &record);

		if (found == FOUND_CUT_OFF)
		{
			at = wal_record_start(wal, record.next);
			previous = NO_POSITION;
		}
		else if (found == FOUND_RECORD && (previous == NO_POSITION || previous == record.previous))
		{
			previous = wal->last = record.begin;
			at = wal->end = record.next;
			if (record.next > since)
				take_wal_record(&record, take_message);
		}
		else
		{
			next = find_behind(wal, at, &record);
			wal->end = at;
			if (next == NO_POSITION)
				break;
			if (next > since && wal->gaps++ < MOST_GAPS)
				wal->gap[wal->gaps - 1] = (Gap) {at, next};
			at = next;
			previous = NO_POSITION;
		}
	}
	free(record.bytes);
}

void
wal_read_again(Wal *wal, uint64_t position, void (*take_message) (const Message *message))
{
	WalRecord	record = {0};

	wal->page_timeline = 0;
	if (read_wal_record(wal, position, INT32_MAX, &record) == FOUND_RECORD)
		take_wal_record(&record, take_message);
	free(record.bytes);
}
