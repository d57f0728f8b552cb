/*
 * recordread.c
 *		Reads the items of messages of the journal.
 *
 * The format is in record.h.
 */
#include "postgres.h"

#include "journal/record_private.h"

static void skip_record(CgReader *in);
static bool skip_item(CgReader *in);
static void get_window(CgReader *reader, CgRecordWindow *window);
static void get_parts(CgReader *reader, CgRecord *record);
static void get_record(CgReader *reader, CgRecord *record);

uint64
cg_recordread_int(CgReader *in, int bytes)
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
cg_recordread_string(CgReader *in)
{
	uint64		length = cg_recordread_int(in, 4);
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
cg_recordread_skip_bytes(CgReader *in, uint64 bytes)
{
	if (in->bad || in->length - in->at < bytes)
		in->bad = true;
	else
		in->at += bytes;
}

void
cg_recordread_skip_strings(CgReader *in, int count)
{
	while (count-- > 0 && !in->bad)
	{
		uint64		length = cg_recordread_int(in, 4);

		if (length != NULL_LENGTH)
			cg_recordread_skip_bytes(in, length);
	}
}

/* Item 'R', behind its first byte */
static void
skip_record(CgReader *in)
{
	int			parts;

	cg_recordread_skip_bytes(in, 9);
	cg_recordread_skip_strings(in, 1);
	cg_recordread_skip_strings(in, cg_recordread_int(in, 2));
	cg_recordread_skip_strings(in, 1);
	cg_recordread_skip_bytes(in, 8);
	cg_recordread_skip_strings(in, 1);
	cg_recordread_skip_bytes(in, 8);
	cg_recordread_skip_strings(in, 2);
	parts = cg_recordread_int(in, 1);
	cg_recordread_skip_bytes(in, ((parts & PART_WINDOW) != 0 ? 16 : 0) + ((parts & PART_PREVIOUS) != 0 ? 16 : 0));
	cg_recordread_skip_strings(in, (parts & PART_TECHNICIAN) != 0 ? 1 : 0);
	cg_recordread_skip_bytes(in, (parts & PART_TRANSACTION) != 0 ? 8 : 0);
}

/* An item of this version.  False at the end, and with in->bad set if the item is malformed. */
static bool
skip_item(CgReader *in)
{
	if (in->bad || in->at >= in->length)
		return false;
	switch (cg_recordread_int(in, 1))
	{
		case 'C':
			cg_recordread_skip_strings(in, 5);
			cg_recordread_skip_bytes(in, 16);
			break;
		case 'R':
			skip_record(in);
			break;
		case 'S':
			cg_recordset_skip(in);
			break;
		case 'Q':
			cg_recordread_skip_bytes(in, 8);
			cg_recordread_skip_strings(in, 1);
			break;
		default:
			in->bad = true;
			break;
	}
	return !in->bad;
}

size_t
cg_recordread_cut(const char *items, size_t length, size_t limit, size_t *context, size_t *context_length)
{
	CgReader	in = {items, length};
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
cg_recordread_columns(CgReader *reader, CgRecord *record)
{
	record->ncolumns = cg_recordread_int(reader, 2);
	if (record->ncolumns > CG_COLUMNS_MAX)
		reader->bad = true;
	record->columns = palloc(sizeof(char *) * (record->ncolumns + 1));
	for (int i = 0; i < record->ncolumns; i++)
	{
		record->columns[i] = cg_recordread_string(reader);
		if (record->columns[i] == NULL)
			reader->bad = true;
	}
}

static void
get_window(CgReader *reader, CgRecordWindow *window)
{
	window->known = true;
	window->opens_at = cg_recordread_int(reader, 8);
	window->closes_at = cg_recordread_int(reader, 8);
}

static void
get_parts(CgReader *reader, CgRecord *record)
{
	int			parts = cg_recordread_int(reader, 1);

	if ((parts & PART_WINDOW) != 0)
		get_window(reader, &record->window);
	if ((parts & PART_PREVIOUS) != 0)
		get_window(reader, &record->previous_window);
	if ((parts & PART_TECHNICIAN) != 0)
		record->technician = cg_recordread_string(reader);
	if ((parts & PART_TRANSACTION) != 0)
		record->transaction = cg_recordread_int(reader, 8);
	if ((parts & ~PARTS) != 0)
		reader->bad = true;
}

static void
get_record(CgReader *reader, CgRecord *record)
{
	memset(record, 0, sizeof(CgRecord));
	record->event = cg_recordread_int(reader, 1);
	record->read_at = cg_recordread_int(reader, 8);
	record->relation = cg_recordread_string(reader);
	cg_recordread_columns(reader, record);
	record->customer = cg_recordread_string(reader);
	record->count = cg_recordread_int(reader, 8);
	record->intervention = cg_recordread_string(reader);
	record->closed_at = cg_recordread_int(reader, 8);
	record->purpose = cg_recordread_string(reader);
	record->reason = cg_recordread_string(reader);
	if (reader->version >= 4)
		get_parts(reader, record);
	if (cg_event_name(record->event) == NULL)
		reader->bad = true;
}

bool
cg_recordread_next(CgReader *reader, CgItem *item)
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
	item->kind = cg_recordread_int(reader, 1);
	switch (item->kind)
	{
		case 'C':
			item->context.actor = cg_recordread_string(reader);
			item->context.login = cg_recordread_string(reader);
			item->context.client = cg_recordread_string(reader);
			item->context.application = cg_recordread_string(reader);
			item->context.identity = reader->version >= 4 ? cg_recordread_string(reader) : NULL;
			item->context.statement = cg_recordread_int(reader, 8);
			item->context.query_id = cg_recordread_int(reader, 8);
			break;
		case 'R':
			get_record(reader, &item->record);
			break;
		case 'S':
			cg_recordset_begin(reader);
			return cg_recordread_next(reader, item);
		case 'Q':
			item->query_id = cg_recordread_int(reader, 8);
			item->query = cg_recordread_string(reader);
			break;
		default:
			reader->bad = true;
			break;
	}
	return !reader->bad;
}
