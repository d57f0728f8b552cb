/*
 * bytes.c
 *		A buffer of bytes, which grows or belongs to the caller.
 */
#include "common/bytes.h"

#include <stdlib.h>
#include <string.h>

static const char base64_digits[] =
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char base64url_digits[] =
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int	base64_value(char digit);
static bool decode_quad(const char *quad, bool last, CgBytes *out);

void
cg_bytes_init(CgBytes *bytes)
{
	memset(bytes, 0, sizeof(CgBytes));
}

void
cg_bytes_init_fixed(CgBytes *bytes, void *data, size_t room)
{
	memset(bytes, 0, sizeof(CgBytes));
	bytes->data = data;
	bytes->room = room;
	bytes->fixed = true;
}

void
cg_bytes_reset(CgBytes *bytes)
{
	bytes->length = 0;
	bytes->failed = false;
}

void
cg_bytes_free(CgBytes *bytes)
{
	if (!bytes->fixed)
		free(bytes->data);
	cg_bytes_init(bytes);
}

uint8_t *
cg_bytes_grow(CgBytes *bytes, size_t length)
{
	if (bytes->failed)
		return NULL;
	if (bytes->data == NULL || length > bytes->room - bytes->length)
	{
		size_t		room = bytes->room < 256 ? 256 : bytes->room;
		uint8_t    *data = NULL;

		if (length > SIZE_MAX / 4 - bytes->length)
			bytes->failed = true;
		while (!bytes->failed && room < bytes->length + length)
			room *= 2;
		if (!bytes->fixed && !bytes->failed)
			data = realloc(bytes->data, room);
		if (data == NULL)
		{
			bytes->failed = true;
			return NULL;
		}
		bytes->data = data;
		bytes->room = room;
	}
	return bytes->data + bytes->length;
}

void
cg_bytes_put(CgBytes *bytes, const void *data, size_t length)
{
	uint8_t    *place = cg_bytes_reserve(bytes, length);

	if (place == NULL || length == 0)
		return;
	memcpy(place, data, length);
	bytes->length += length;
}

void
cg_bytes_put_text(CgBytes *bytes, const char *text)
{
	cg_bytes_put(bytes, text, strlen(text));
}

void
cg_bytes_put_uint8(CgBytes *bytes, uint8_t value)
{
	cg_bytes_put(bytes, &value, 1);
}

void
cg_bytes_put_uint16(CgBytes *bytes, uint16_t value)
{
	uint8_t		data[2];

	cg_bytes_set_uint16(data, value);
	cg_bytes_put(bytes, data, sizeof(data));
}

void
cg_bytes_put_uint32(CgBytes *bytes, uint32_t value)
{
	uint8_t		data[4];

	cg_bytes_set_uint32(data, value);
	cg_bytes_put(bytes, data, sizeof(data));
}

void
cg_bytes_put_uint64(CgBytes *bytes, uint64_t value)
{
	cg_bytes_put_uint32(bytes, (uint32_t) (value >> 32));
	cg_bytes_put_uint32(bytes, (uint32_t) value);
}

void
cg_bytes_put_decimal(CgBytes *bytes, uint64_t value)
{
	char		digits[20];
	int			at = sizeof(digits);

	do
	{
		digits[--at] = (char) ('0' + value % 10);
		value /= 10;
	} while (value > 0);
	cg_bytes_put(bytes, digits + at, sizeof(digits) - at);
}

void
cg_bytes_put_base64(CgBytes *bytes, const void *data, size_t length)
{
	const uint8_t *from = data;
	uint8_t    *to = cg_bytes_reserve(bytes, length / 3 * 4 + 4);
	size_t		written = 0;

	if (to == NULL)
		return;
	for (; length > 0; from += 3)
	{
		size_t		n = length < 3 ? length : 3;
		uint32_t	bits = (uint32_t) from[0] << 16;

		if (n > 1)
			bits |= (uint32_t) from[1] << 8;
		if (n > 2)
			bits |= from[2];
		to[written++] = base64_digits[bits >> 18];
		to[written++] = base64_digits[bits >> 12 & 63];
		to[written++] = n > 1 ? base64_digits[bits >> 6 & 63] : '=';
		to[written++] = n > 2 ? base64_digits[bits & 63] : '=';
		length -= n;
	}
	bytes->length += written;
}

bool
cg_bytes_decode_base64(const char *text, size_t length, CgBytes *out)
{
	if (length % 4 != 0)
		return false;
	for (size_t i = 0; i < length; i += 4)
	{
		if (!decode_quad(text + i, i + 4 == length, out))
			return false;
	}
	return !out->failed;
}

/* Decodes four digits.  Only the last four of a text may be padded, with zero bits. */
static bool
decode_quad(const char *quad, bool last, CgBytes *out)
{
	int			padding = quad[3] != '=' ? 0 : quad[2] != '=' ? 1 : 2;
	uint32_t	bits = 0;
	uint8_t		data[3];

	if (padding > 0 && !last)
		return false;
	for (int i = 0; i < 4 - padding; i++)
	{
		int			value = base64_value(quad[i]);

		if (value < 0)
			return false;
		bits |= (uint32_t) value << (18 - 6 * i);
	}
	if (padding > 0 && (bits & (padding == 1 ? 0xFF : 0xFFFF)) != 0)
		return false;
	data[0] = (uint8_t) (bits >> 16);
	data[1] = (uint8_t) (bits >> 8);
	data[2] = (uint8_t) bits;
	cg_bytes_put(out, data, 3 - padding);
	return !out->failed;
}

static int
base64_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

void
cg_bytes_put_base64url(CgBytes *bytes, const void *data, size_t length)
{
	const uint8_t *from = data;
	uint32_t	bits = 0;
	int			have = 0;

	for (size_t i = 0; i < length; i++)
	{
		bits = bits << 8 | from[i];
		for (have += 8; have >= 6; have -= 6)
			cg_bytes_put_uint8(bytes, base64url_digits[bits >> (have - 6) & 63]);
	}
	if (have > 0)
		cg_bytes_put_uint8(bytes, base64url_digits[bits << (6 - have) & 63]);
}

bool
cg_bytes_decode_base64url(const char *text, size_t length, CgBytes *out)
{
	uint8_t    *to = cg_bytes_reserve(out, length / 4 * 3 + length % 4 * 3 / 4);
	uint8_t		values[UINT8_MAX + 1];
	uint32_t	bits = 0;
	int			have = 0;

	if (to == NULL)
		return false;
	/* A branch for each digit would cost more: digits come in no order. */
	memset(values, UINT8_MAX, sizeof(values));
	for (uint8_t i = 0; i < 64; i++)
		values[(uint8_t) base64url_digits[i]] = i;
	for (size_t i = 0; i < length; i++)
	{
		uint8_t		value = values[(uint8_t) text[i]];

		if (value == UINT8_MAX)
			return false;
		bits = bits << 6 | value;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		to[0] = (uint8_t) (bits >> have);
		to++;
		out->length++;
	}
	/* What is left over is less than a digit, and has no bits. */
	return have < 6 && (bits & ((1U << have) - 1)) == 0;
}

bool
cg_bytes_parse_decimal(const char *text, size_t length, uint64_t *value)
{
	uint64_t	result = 0;

	if (length == 0 || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		unsigned	digit = (unsigned) text[i] - '0';

		if (digit > 9 || result > (UINT64_MAX - digit) / 10)
			return false;
		result = result * 10 + digit;
	}
	*value = result;
	return true;
}
