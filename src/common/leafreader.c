/*
 * leafreader.c
 *		Reads the fields of a leaf, and of an opening of one of its groups.
 */
#include "common/leaf.h"

#include <string.h>

CgLeafResult
cg_leafreader_open(CgLeafReader *reader, const uint8_t *data, size_t length, int *event)
{
	size_t		header = strlen(CG_LEAF_HEADER);

	memset(reader, 0, sizeof(CgLeafReader));
	if (length < header + 5 || memcmp(data, CG_LEAF_HEADER, header) != 0)
		return CG_LEAF_FORMAT;
	*event = data[header];
	reader->data = data;
	reader->length = length;
	reader->at = header + 5;
	reader->left = cg_bytes_get_uint16(data + header + 3);
	reader->version = cg_bytes_get_uint16(data + header + 1);
	return cg_leaf_fields(reader->version) > 0 ? CG_LEAF_OK : CG_LEAF_BAD_VERSION;
}

void
cg_leafreader_open_fields(CgLeafReader *reader, const uint8_t *data, size_t length)
{
	memset(reader, 0, sizeof(CgLeafReader));
	reader->data = data;
	reader->length = length;
	reader->left = -1;
}

bool
cg_leafreader_next(CgLeafReader *reader, CgLeafField *field)
{
	const uint8_t *data = reader->data + reader->at;
	size_t		rest = reader->length - reader->at;
	size_t		width = 3;

	if (reader->left == 0 || rest < width)
		return false;
	field->number = cg_bytes_get_uint16(data);
	field->kind = data[2];
	field->data = NULL;
	field->length = 0;
	if (field->kind != CG_LEAF_NULL)
	{
		if (rest < 7)
			return false;
		field->length = cg_bytes_get_uint32(data + 3);
		field->data = data + 7;
		if (field->length > rest - 7)
			return false;
		width = 7 + field->length;
	}
	if (field->kind > CG_LEAF_COMMITMENT || field->number <= reader->last ||
		(field->kind == CG_LEAF_COMMITMENT && field->length != CG_HASH_LENGTH))
		return false;
	reader->last = field->number;
	reader->at += width;
	if (reader->left > 0)
		reader->left--;
	return true;
}

bool
cg_leafreader_closed(const CgLeafReader *reader)
{
	return reader->left <= 0 && reader->at == reader->length;
}
