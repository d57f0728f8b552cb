/*
 * recordset.c
 *		Many customers in one item of the journal.
 *
 * The format is in record.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "journal/record_private.h"
#include "journal/recordset.h"

#define VARINT_MAX 10			/* bytes */

static void put_varint(StringInfo out, uint64 value);
static uint64 get_varint(CgReader *in);
static uint64 zigzag(int64 value);
static int64 unzigzag(uint64 value);
static char *uuid_text(const char *bytes);

void
cg_recordset_reset(CgRecordSet *set)
{
	if (set->entries.data)
		resetStringInfo(&set->entries);
	set->number = 0;
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static void
put_varint(StringInfo out, uint64 value)
{
	while (value >= 0x80)
	{
		appendStringInfoCharMacro(out, (char) (value | 0x80));
		value >>= 7;
	}
	appendStringInfoCharMacro(out, (char) value);
}

static uint64
get_varint(CgReader *in)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		unsigned char byte;

		if (in->bad || in->at >= in->length)
			break;
		byte = in->data[in->at++];
		value |= (uint64) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	in->bad = true;
	return 0;
}

/* Small numbers of either sign become small ones. */
static uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (value < 0 ? ~UINT64CONST(0) : 0);
}

static int64
unzigzag(uint64 value)
{
	return (int64) ((value >> 1) ^ ((value & 1) != 0 ? ~UINT64CONST(0) : 0));
}

void
cg_recordset_add(CgRecordSet *set, const CgCustomerKey *key, int64 read_at)
{
	StringInfo	out = &set->entries;
	const char *text = key->kind == CG_KEY_TEXT ? cg_record_customer(key->text) : NULL;
	size_t		length = text ? strlen(text) : 0;

	if (out->data == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

		initStringInfo(out);
		MemoryContextSwitchTo(oldcontext);
	}
	enlargeStringInfo(out, 2 * VARINT_MAX + CG_KEY_UUID_LENGTH + length + 1);
	if (set->number == 0)
	{
		set->kind = key->kind;
		set->first_at = set->last_at = read_at;
		set->last_key = 0;
	}
	Assert(set->kind == key->kind);
	put_varint(out, zigzag((int64) ((uint64) read_at - (uint64) set->last_at)));
	set->last_at = read_at;
	switch (key->kind)
	{
		case CG_KEY_INTEGER:
			put_varint(out, zigzag((int64) ((uint64) key->low - (uint64) set->last_key)));
			set->last_key = key->low;
			break;
		case CG_KEY_UUID:
			cg_record_put_int(out, key->high, 8);
			cg_record_put_int(out, key->low, 8);
			break;
		default:
			put_varint(out, length);
			appendBinaryStringInfo(out, text, length);
			break;
	}
	set->number++;
}

void
cg_recordset_put(StringInfo out, const CgRecord *like, const CgRecordSet *set)
{
	size_t		room = 64 + cg_record_string_room(like->relation, CG_NAME_LENGTH) +
		cg_record_string_room(like->purpose, CG_TEXT_LENGTH) + cg_record_string_room(like->reason, CG_TEXT_LENGTH) +
		set->entries.len;

	for (int i = 0; i < like->ncolumns; i++)
		room += cg_record_string_room(like->columns[i], CG_NAME_LENGTH);
	enlargeStringInfo(out, room);
	appendStringInfoChar(out, 'S');
	cg_record_put_int(out, like->event, 1);
	cg_record_put_string(out, like->relation, CG_NAME_LENGTH);
	cg_record_put_int(out, like->ncolumns, 2);
	for (int i = 0; i < like->ncolumns; i++)
		cg_record_put_string(out, like->columns[i], CG_NAME_LENGTH);
	cg_record_put_string(out, like->purpose, CG_TEXT_LENGTH);
	cg_record_put_string(out, like->reason, CG_TEXT_LENGTH);
	cg_record_put_int(out, set->first_at, 8);
	cg_record_put_int(out, set->kind, 1);
	cg_record_put_int(out, set->number, 4);
	cg_record_put_int(out, set->entries.len, 4);
	appendBinaryStringInfo(out, set->entries.data, set->entries.len);
}

void
cg_recordset_begin(CgReader *in)
{
	CgRecord   *like = &in->set.like;
	uint64		length;

	memset(&in->set, 0, sizeof(in->set));
	like->event = cg_recordread_int(in, 1);
	like->relation = cg_recordread_string(in);
	cg_recordread_columns(in, like);
	like->purpose = cg_recordread_string(in);
	like->reason = cg_recordread_string(in);
	like->count = 1;
	like->closed_at = CG_NO_TIME;
	like->read_at = cg_recordread_int(in, 8);
	in->set.kind = cg_recordread_int(in, 1);
	in->set.left = cg_recordread_int(in, 4);
	length = cg_recordread_int(in, 4);
	in->set.end = in->at + length;
	if (in->bad || length > in->length - in->at || in->set.left == 0 || cg_event_name(like->event) == NULL)
	{
		in->bad = true;
		in->set.left = 0;
	}
}

static char *
uuid_text(const char *bytes)
{
	static const char digits[] = "0123456789abcdef";
	char	   *text = palloc(37);
	int			at = 0;

	for (int i = 0; i < CG_KEY_UUID_LENGTH; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		text[at++] = digits[(unsigned char) bytes[i] >> 4];
		text[at++] = digits[(unsigned char) bytes[i] & 15];
	}
	text[at] = '\0';
	return text;
}

/* The next record of the set; the reader is bad if the set is. */
void
cg_recordset_next(CgReader *in, CgRecord *record)
{
	CgSetReader *set = &in->set;
	char	   *customer = NULL;
	uint64		length;

	set->like.read_at = (int64) ((uint64) set->like.read_at + (uint64) unzigzag(get_varint(in)));
	switch (set->kind)
	{
		case CG_KEY_INTEGER:
			set->key = (int64) ((uint64) set->key + (uint64) unzigzag(get_varint(in)));
			customer = palloc(MAXINT8LEN + 1);
			pg_lltoa(set->key, customer);
			break;
		case CG_KEY_UUID:
			if (set->end - in->at >= CG_KEY_UUID_LENGTH && in->at <= set->end)
				customer = uuid_text(in->data + in->at);
			cg_recordread_skip_bytes(in, CG_KEY_UUID_LENGTH);
			break;
		case CG_KEY_TEXT:
			length = get_varint(in);
			if (!in->bad && in->at <= set->end && length <= set->end - in->at)
				customer = pnstrdup(in->data + in->at, length);
			cg_recordread_skip_bytes(in, length);
			break;
	}
	set->left--;
	if (customer == NULL || in->at > set->end || (set->left == 0 && in->at != set->end))
		in->bad = true;
	*record = set->like;
	record->customer = customer;
}

void
cg_recordset_skip(CgReader *in)
{
	cg_recordread_skip_bytes(in, 1);
	cg_recordread_skip_strings(in, 1);
	cg_recordread_skip_strings(in, cg_recordread_int(in, 2));
	cg_recordread_skip_strings(in, 2);
	cg_recordread_skip_bytes(in, 8 + 1 + 4);
	cg_recordread_skip_bytes(in, cg_recordread_int(in, 4));
}
