/*
 * json.c
 *		A strict reader of small JSON texts (RFC 8259): tokens and sets of keys.
 *
 * The header of a token is read before its signature is verified, so everybody can send it.
 * This reader has no state, allocates nothing, and goes no deeper than a constant.  The client
 * reads a set of keys by the same code, so it accepts what the server will accept.
 */
#include "common/json.h"

#include <string.h>

#define YEAR_10000 INT64_C(253402300800)

typedef struct Text
{
	const char *at;
	const char *end;
} Text;

static bool check_value(Text *text, int depth);

/* The place of the next character that is no white space.  Only for checked text. */
static const char *
pass_space(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
		at++;
	return at;
}

static void
skip_space(Text *text)
{
	while (text->at < text->end &&
		   (*text->at == ' ' || *text->at == '\t' || *text->at == '\n' || *text->at == '\r'))
		text->at++;
}

static bool
take(Text *text, char wanted)
{
	if (text->at >= text->end || *text->at != wanted)
		return false;
	text->at++;
	return true;
}

static bool
take_word(Text *text, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (text->end - text->at) < length || memcmp(text->at, word, length) != 0)
		return false;
	text->at += length;
	return true;
}

static bool
is_digit(const Text *text)
{
	return text->at < text->end && *text->at >= '0' && *text->at <= '9';
}

static bool
take_digits(Text *text)
{
	if (!is_digit(text))
		return false;
	while (is_digit(text))
		text->at++;
	return true;
}

static bool
check_number(Text *text)
{
	(void) take(text, '-');
	if (!take(text, '0') && !take_digits(text))
		return false;
	if (take(text, '.') && !take_digits(text))
		return false;
	if (take(text, 'e') || take(text, 'E'))
	{
		if (!take(text, '+'))
			(void) take(text, '-');
		return take_digits(text);
	}
	return true;
}

static int
hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The four digits of \uXXXX; -1 if there are none. */
static int32_t
take_unit(Text *text)
{
	int32_t		unit = 0;

	if (text->end - text->at < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		int			digit = hex_digit(*text->at++);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static int32_t
take_escape(Text *text)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	int32_t		unit;
	int32_t		low;

	if (text->at >= text->end)
		return -1;
	if (!take(text, 'u'))
	{
		name = memchr(names, *text->at++, sizeof(names) - 1);
		return name ? values[name - names] : -1;
	}
	unit = take_unit(text);
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return -1;
	if (unit < 0xD800 || unit > 0xDBFF)
		return unit;
	if (!take(text, '\\') || !take(text, 'u'))
		return -1;
	low = take_unit(text);
	return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* A character of UTF-8 of more than one byte, by RFC 3629. */
static int32_t
take_utf8(Text *text, uint8_t first)
{
	int			more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
	int32_t		least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
	int32_t		character = first & (0x3F >> more);

	if (first < 0xC2 || first > 0xF4 || text->end - text->at < more)
		return -1;
	for (; more > 0; more--)
	{
		uint8_t		byte = (uint8_t) *text->at++;

		if ((byte & 0xC0) != 0x80)
			return -1;
		character = character << 6 | (byte & 0x3F);
	}
	if (character < least || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
		return -1;
	return character;
}

/* The next character of a string; 0 at its end, -1 if it is not allowed. */
static int32_t
take_character(Text *text)
{
	uint8_t		first;
	int32_t		character;

	if (text->at >= text->end)
		return -1;
	first = (uint8_t) *text->at++;
	if (first == '"')
		return 0;
	if (first < 0x20)
		return -1;
	character = first == '\\' ? take_escape(text) : first < 0x80 ? first : take_utf8(text, first);
	return character == 0 ? -1 : character;
}

static bool
check_string(Text *text)
{
	int32_t		character;

	if (!take(text, '"'))
		return false;
	do
	{
		/* Most characters need no decoding. */
		while (text->at < text->end && *text->at >= ' ' && *text->at < 0x7F && *text->at != '"' && *text->at != '\\')
			text->at++;
		character = take_character(text);
	} while (character > 0);
	return character == 0;
}

/* A text of unknown length, whose end is found by its structure. */
static Text
checked(const char *at)
{
	return (Text) {at, at + SIZE_MAX / 4};
}

/* Are two strings of checked text equal, however they are written? */
static bool
is_same_name(const char *a, const char *b)
{
	Text		left = checked(a + 1);
	Text		right = checked(b + 1);
	int32_t		character;

	do
	{
		character = take_character(&left);
		if (character != take_character(&right))
			return false;
	} while (character != 0);
	return true;
}

static bool
check_object(Text *text, int depth)
{
	const char *names[CG_JSON_MEMBERS];
	int			count = 0;

	skip_space(text);
	if (take(text, '}'))
		return true;
	do
	{
		skip_space(text);
		if (count == CG_JSON_MEMBERS)
			return false;
		names[count] = text->at;
		if (!check_string(text))
			return false;
		for (int i = 0; i < count; i++)
			if (is_same_name(names[i], names[count]))
				return false;
		count++;
		skip_space(text);
		if (!take(text, ':') || !check_value(text, depth))
			return false;
	} while (take(text, ','));
	return take(text, '}');
}

static bool
check_array(Text *text, int depth)
{
	skip_space(text);
	if (take(text, ']'))
		return true;
	do
	{
		if (!check_value(text, depth))
			return false;
	} while (take(text, ','));
	return take(text, ']');
}

/* A value with the white space around it */
static bool
check_value(Text *text, int depth)
{
	bool		good;

	skip_space(text);
	if (text->at >= text->end)
		return false;
	switch (*text->at)
	{
		case '{':
		case '[':
			if (depth == 0)
				return false;
			good = *text->at++ == '{' ? check_object(text, depth - 1) : check_array(text, depth - 1);
			break;
		case '"':
			good = check_string(text);
			break;
		case 't':
			good = take_word(text, "true");
			break;
		case 'f':
			good = take_word(text, "false");
			break;
		case 'n':
			good = take_word(text, "null");
			break;
		default:
			good = check_number(text);
	}
	skip_space(text);
	return good;
}

bool
cg_json_check(const char *text, size_t length, const char **object)
{
	Text		all = {text, text + length};

	skip_space(&all);
	*object = all.at;
	return all.at < all.end && *all.at == '{' && check_value(&all, CG_JSON_DEPTH) && all.at == all.end;
}

/* The place behind a value of checked text, and behind the white space there */
static const char *
pass_value(const char *place)
{
	Text		text = checked(place);

	(void) check_value(&text, CG_JSON_DEPTH + 1);
	return text.at;
}

const char *
cg_json_member(const char *place, const char *name)
{
	if (place == NULL || *place != '{')
		return NULL;
	place = pass_space(place + 1);
	while (*place == '"')
	{
		Text		text = checked(place + 1);
		const char *rest = name;
		int32_t		character;

		/* Our own names are ASCII. */
		while ((character = take_character(&text)) != 0 && rest && character == (uint8_t) *rest)
			rest++;
		while (character != 0)
		{
			rest = NULL;
			character = take_character(&text);
		}
		place = pass_space(pass_space(text.at) + 1);
		if (rest && *rest == '\0')
			return place;
		place = pass_value(place);
		if (*place == ',')
			place = pass_space(place + 1);
	}
	return NULL;
}

bool
cg_json_is_array(const char *place)
{
	return place != NULL && *place == '[';
}

const char *
cg_json_first(const char *array)
{
	array = pass_space(array + 1);
	return *array == ']' ? NULL : array;
}

const char *
cg_json_next(const char *element)
{
	element = pass_value(element);
	return *element == ',' ? pass_space(element + 1) : NULL;
}

static int
put_utf8(int32_t character, char *out)
{
	static const uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};
	int			more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;

	out[0] = (char) (lead[more] | character >> 6 * more);
	for (int i = 1; i <= more; i++)
		out[i] = (char) (0x80 | (character >> 6 * (more - i) & 0x3F));
	return more + 1;
}

bool
cg_json_text(const char *place, char *out, size_t room)
{
	Text		text;
	size_t		length = 0;
	int32_t		character;

	if (place == NULL || *place != '"')
		return false;
	text = checked(place + 1);
	while ((character = take_character(&text)) != 0)
	{
		char		bytes[4];
		int			count = put_utf8(character, bytes);

		if (length + count >= room)
			return false;
		memcpy(out + length, bytes, count);
		length += count;
	}
	out[length] = '\0';
	return true;
}

bool
cg_json_text_or_number(const char *place, char *out, size_t room)
{
	size_t		length = 0;

	if (place == NULL || *place == '"')
		return cg_json_text(place, out, room);
	if (*place == '-')
		length++;
	while (place[length] >= '0' && place[length] <= '9')
		length++;
	if (length == 0 || length >= room || strchr(".eE", place[length]) != NULL)
		return false;
	memcpy(out, place, length);
	out[length] = '\0';
	return true;
}

bool
cg_json_seconds(const char *place, int64_t *seconds)
{
	*seconds = 0;
	if (place == NULL || *place < '0' || *place > '9')
		return false;
	for (; *place >= '0' && *place <= '9'; place++)
		if ((*seconds = *seconds * 10 + (*place - '0')) >= YEAR_10000)
			return false;
	if (*place == '.')
		for (place++; *place >= '0' && *place <= '9'; place++)
			;
	return *place != 'e' && *place != 'E';
}
