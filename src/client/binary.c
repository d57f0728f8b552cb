/*
 * binary.c
 *		Reads PostgreSQL's binary values, which may be malformed.
 */
#include "client.h"

/* Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch */
#define EPOCH_OFFSET INT64_C(946684800000000)

int64_t
time_since_1970(int64_t since_2000)
{
	if (since_2000 == INT64_MIN)
		return INT64_MIN;
	return since_2000 > INT64_MAX - EPOCH_OFFSET ? INT64_MAX : since_2000 + EPOCH_OFFSET;
}

CgLeafText
take_value(Cursor *cursor)
{
	CgLeafText	text = {NULL, 0};
	int32_t		length = take_int32(cursor);

	if (length < 0)
		return text;
	text.data = (const char *) take(cursor, (size_t) length);
	text.length = text.data == NULL ? 0 : (size_t) length;
	return text;
}

int
take_array(Cursor *cursor, CgLeafText **items, int *room)
{
	int32_t		dimensions = take_int32(cursor);
	int32_t		count;

	take(cursor, 8);			/* flags, element type */
	if (cursor->bad || dimensions == 0)
		return 0;
	count = take_int32(cursor);
	take(cursor, 4);			/* lower bound */
	/* Each element has at least 4 bytes, so a false count cannot make us allocate memory. */
	if (dimensions != 1 || count < 0 || count > (cursor->end - cursor->at) / 4)
		cursor->bad = true;
	if (cursor->bad)
		return 0;
	if (count > *room)
	{
		*items = reallocate(*items, (size_t) count * sizeof(CgLeafText));
		*room = count;
	}
	for (int i = 0; i < count; i++)
		(*items)[i] = take_value(cursor);
	return count;
}
