/*
 * show.c
 *		Checks the row in a proof file, and prints it for people.
 */
#include "show.h"

#include <string.h>
#include <time.h>

typedef enum Shape
{
	SHAPE_TEXT,
	SHAPE_NUMBER,
	SHAPE_TIME,
	SHAPE_NAMES,
	SHAPE_HASH
} Shape;

typedef struct Shown
{
	int			number;
	const char *name;
	Shape		shape;
} Shown;

static const Shown fields[] = {
	{1, "seq", SHAPE_NUMBER}, {2, "read_at", SHAPE_TIME}, {3, "customer", SHAPE_TEXT},
	{4, "actor group", SHAPE_TEXT}, {5, "relation", SHAPE_TEXT}, {6, "columns", SHAPE_NAMES},
	{7, "count", SHAPE_NUMBER}, {8, "intervention", SHAPE_TEXT}, {9, "closed_at", SHAPE_TIME},
	{10, "purpose", SHAPE_TEXT}, {11, "reason", SHAPE_TEXT}, {12, "session", SHAPE_TEXT},
	{13, "statement", SHAPE_NUMBER}, {14, "query_id", SHAPE_NUMBER}, {15, "query", SHAPE_HASH},
	{16, "opens_at", SHAPE_TIME}, {17, "closes_at", SHAPE_TIME}, {18, "previous_opens_at", SHAPE_TIME},
	{19, "previous_closes_at", SHAPE_TIME},
	{20, "actor", SHAPE_TEXT}, {21, "login", SHAPE_TEXT}, {22, "client", SHAPE_TEXT},
	{23, "application", SHAPE_TEXT}, {24, "identity", SHAPE_TEXT}, {25, "technician", SHAPE_TEXT},
	{26, "execution group", SHAPE_TEXT}
};

/* An opening behind the leaf */
typedef struct Opening
{
	int			group;
	const uint8_t *salt;
	const uint8_t *fields;
	size_t		length;
} Opening;

static bool open_leaf(CgLeafReader *reader, const uint8_t *leaf, size_t length, int *event);
static bool next_opening(Cursor *cursor, Opening *opening);
static bool find_commitment(const uint8_t *leaf, size_t length, int group, const uint8_t **commitment);
static bool is_opened(const uint8_t *row, size_t leaf_length, size_t length, int group);
static void show_field(const CgLeafField *field);
static void show_value(const CgLeafField *field, Shape shape);
static void show_time(int64_t microseconds);
static void show_text(const uint8_t *data, size_t length);

/* The fields of a later version can be shown by their numbers. */
static bool
open_leaf(CgLeafReader *reader, const uint8_t *leaf, size_t length, int *event)
{
	CgLeafResult result = cg_leafreader_open(reader, leaf, length, event);

	return result == CG_LEAF_OK || result == CG_LEAF_BAD_VERSION;
}

size_t
leaf_measure(const uint8_t *row, size_t length, uint64_t seq, int *version)
{
	CgLeafReader reader;
	CgLeafField field;
	int			event;
	bool		found = false;

	if (!open_leaf(&reader, row, length, &event))
		return 0;
	*version = reader.version;
	while (cg_leafreader_next(&reader, &field))
	{
		if (field.number == 1)
			found = field.length == 8 && cg_bytes_get_uint64(field.data) == seq;
	}
	return found && reader.left == 0 ? reader.at : 0;
}

const char *
openings_check(const uint8_t *row, size_t leaf_length, size_t length)
{
	Cursor		cursor = cursor_of(row + leaf_length, length - leaf_length);
	Opening		opening;
	CgLeafReader reader;
	CgLeafField field;
	const uint8_t *commitment;
	uint8_t		hash[CG_HASH_LENGTH];

	while (next_opening(&cursor, &opening))
	{
		cg_leafreader_open_fields(&reader, opening.fields, opening.length);
		while (cg_leafreader_next(&reader, &field))
			;
		if (!cg_leafreader_closed(&reader))
			return "its personal values are malformed";
		if (!find_commitment(row, leaf_length, opening.group, &commitment) ||
			cg_leaf_commit_fields(&hasher, opening.group, opening.salt, opening.fields, opening.length,
								  hash) != CG_LEAF_OK ||
			memcmp(hash, commitment, CG_HASH_LENGTH) != 0)
			return "its personal values are not those that were logged";
	}
	return cursor.bad ? "something follows the row" : NULL;
}

/* Reads an opening; false at the end, or if the bytes are not an opening. */
static bool
next_opening(Cursor *cursor, Opening *opening)
{
	if (cursor->at == cursor->end)
		return false;
	opening->group = take_int16(cursor);
	opening->salt = take(cursor, CG_SALT_LENGTH);
	opening->length = (size_t) (uint32_t) take_int32(cursor);
	opening->fields = take(cursor, opening->length);
	return !cursor->bad;
}

static bool
find_commitment(const uint8_t *leaf, size_t length, int group, const uint8_t **commitment)
{
	CgLeafReader reader;
	CgLeafField field;
	int			event;

	if (!open_leaf(&reader, leaf, length, &event))
		return false;
	while (cg_leafreader_next(&reader, &field))
	{
		if (field.number == group && field.kind == CG_LEAF_COMMITMENT)
		{
			*commitment = field.data;
			return true;
		}
	}
	return false;
}

void
row_show(const uint8_t *row, size_t leaf_length, size_t length)
{
	Cursor		cursor = cursor_of(row + leaf_length, length - leaf_length);
	Opening		opening;
	CgLeafReader reader;
	CgLeafField field;
	int			event;

	if (!open_leaf(&reader, row, leaf_length, &event))
		return;
	printf("  event: %s\n", cg_event_name(event) != NULL ? cg_event_name(event) : "unknown");
	while (cg_leafreader_next(&reader, &field))
	{
		if (field.kind == CG_LEAF_NULL || is_opened(row, leaf_length, length, field.number))
			continue;
		show_field(&field);
	}
	while (next_opening(&cursor, &opening))
	{
		cg_leafreader_open_fields(&reader, opening.fields, opening.length);
		while (cg_leafreader_next(&reader, &field))
		{
			if (field.kind != CG_LEAF_NULL)
				show_field(&field);
		}
	}
}

static bool
is_opened(const uint8_t *row, size_t leaf_length, size_t length, int group)
{
	Cursor		cursor = cursor_of(row + leaf_length, length - leaf_length);
	Opening		opening;

	while (next_opening(&cursor, &opening))
	{
		if (opening.group == group)
			return true;
	}
	return false;
}

static void
show_field(const CgLeafField *field)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		if (fields[i].number != field->number)
			continue;
		printf("  %s: ", fields[i].name);
		if (field->kind == CG_LEAF_COMMITMENT)
			printf("(sealed)");
		else
			show_value(field, fields[i].shape);
		printf("\n");
		return;
	}
	printf("  field %d\n", field->number);
}

static void
show_value(const CgLeafField *field, Shape shape)
{
	Cursor		cursor = cursor_of(field->data, field->length);

	if ((shape == SHAPE_NUMBER || shape == SHAPE_TIME) && field->length == 8)
	{
		int64_t		value = take_int64(&cursor);

		if (shape == SHAPE_TIME)
			show_time(value);
		else
			printf("%lld", (long long) value);
	}
	else if (shape == SHAPE_NAMES)
	{
		while (cursor.at < cursor.end && !cursor.bad)
		{
			CgLeafText	name = take_value(&cursor);

			show_text((const uint8_t *) name.data, name.length);
			printf("%s", cursor.at < cursor.end ? ", " : "");
		}
	}
	else if (shape == SHAPE_HASH)
	{
		printf("SHA-256 ");
		for (size_t i = 0; i < field->length; i++)
			printf("%02x", field->data[i]);
	}
	else
		show_text(field->data, field->length);
}

static void
show_time(int64_t microseconds)
{
	int64_t		fraction = microseconds % 1000000;
	time_t		seconds;
	struct tm	tm;
	char		text[64];

	if (microseconds == INT64_MAX || microseconds == INT64_MIN)
	{
		printf("%s", microseconds == INT64_MAX ? "infinity" : "-infinity");
		return;
	}
	if (fraction < 0)
		fraction += 1000000;
	seconds = (time_t) ((microseconds - fraction) / 1000000);
	if (gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		printf("%lld", (long long) microseconds);
	else
		printf("%s.%06lld UTC", text, (long long) fraction);
}

/* Backslashes are escaped, too: an escape must not look like a logged text. */
static void
show_text(const uint8_t *data, size_t length)
{
	text_print(stdout, (const char *) data, length, "");
}
