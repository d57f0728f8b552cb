/*
 * fiction.c
 *		Numbers and addresses that look real and reach nobody: see fiction.h.
 *
 * The ranges are those that the regulators keep free for films and books:
 *
 *	AU	ACMA, phone numbers for use in TV shows, films and creative works: 0491 570 006
 *	CA, US	NANPA, 555 line numbers: 555-0100 to 555-0199, in each area
 *	DE	Bundesnetzagentur, Mitteilung 148/2021: (0)171 39200 00 to 99, (0)30 23125 000 to 999
 *	FR	Arcep, décision 2018-0881, numéros pour oeuvres audiovisuelles: 06 39 98, 01 99 00
 *	GB	Ofcom, telephone numbers for drama use: 07700 900000 to 900999, 020 7946 0000 to 0999
 *	IE	ComReg, numbering conditions of use, drama numbers: 020 91
 *	SE	PTS, telefonnummer för böcker och filmer: 070-174 06 05 to 99, 08-465 004 00 to 99
 *
 * Of each range one number is used.  So a mask does not tell which values are the same, as a
 * number that is computed from the value would: there are so few telephone numbers that
 * somebody could compute all of them.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "policy/fiction.h"
#include "policy/labelparse.h"
#include "policy/labels.h"

#define MOST_DIGITS 20
#define MOST_LENGTH 40			/* of a number that keeps its separators */
#define MOST_TOWN 60			/* bytes */
#define POSTCODE 5				/* digits */

typedef struct Country
{
	const char *letters;		/* ISO 3166 */
	const char *code;			/* no code is the beginning of another one */
	char		trunk;			/* the digit before national numbers */
	bool		trunk_written;	/* is it always? */
	const char *mobile;			/* without the trunk digit */
	const char *landline;
} Country;

static const Country countries[] = {
	{"AU", "61", '0', true, "491570006", "491570006"},
	{"CA", "1", '1', false, "6135550100", "6135550100"},
	{"DE", "49", '0', true, "1713920000", "3023125000"},
	{"FR", "33", '0', true, "639980000", "199000000"},
	{"GB", "44", '0', true, "7700900000", "2079460000"},
	{"IE", "353", '0', true, "209100000", "209100000"},
	{"SE", "46", '0', true, "701740605", "846500400"},
	{"US", "1", '1', false, "2025550100", "2025550100"}
};

/* The digits of a value, and what stands between them */
typedef struct Digits
{
	char		digits[MOST_DIGITS + 1];
	int			number;
	bool		plain;			/* nothing but digits and what stands between them */
	bool		international;
	int			prefix;			/* digits before the country's code */
} Digits;

/* How a number for fiction is written. */
typedef enum Form
{
	NO_FORM,
	NATIONAL,
	INTERNATIONAL
} Form;

typedef struct UsedContext
{
	const char *letters;
	bool		used;
} UsedContext;

static Digits read_digits(const char *value);
static const Country *country_of(const Digits *digits, int usual);
static char *fill(const char *value, const char *digits);
static bool are_digits_of_one(const char *value, int bytes, int usual);
static Form form_of(const Country *country, const char *number, const char *digits);
static bool is_after_exit(const char *digits, int before, const char *code);
static bool is_used(int country);
static void note_used(AttrNumber attnum, const char *label, void *arg);
static const char *find_postcode(const char *value);
static bool is_town(const char *text);
static bool is_town_word(const char *word, int length);
static int	read_letter(const char *text, int length, bool *upper);
static bool is_upper(int letter);

int
cg_fiction_country(const char *letters)
{
	for (int i = 0; i < lengthof(countries); i++)
		if (strcmp(countries[i].letters, letters) == 0)
			return i;
	return -1;
}

/* Of a value that is longer than a number, only the beginning is read: it tells the country. */
static Digits
read_digits(const char *value)
{
	Digits		result = {.plain = true};
	const char *start = value;
	const char *at;

	value += strspn(value, " ");
	result.international = value[0] == '+';
	for (at = value; *at != '\0' && at - value < MOST_LENGTH; at++)
	{
		if (*at >= '0' && *at <= '9' && result.number < MOST_DIGITS)
			result.digits[result.number++] = *at;
		else if (strchr(" ().-/", *at) == NULL && !(at == value && *at == '+'))
			result.plain = false;
	}
	if (*at != '\0' || at - start > MOST_LENGTH)
		result.plain = false;
	if (!result.international && strncmp(result.digits, "00", 2) == 0)
	{
		result.international = true;
		result.prefix = 2;
	}
	return result;
}

static const Country *
country_of(const Digits *digits, int usual)
{
	const char *code = digits->digits + digits->prefix;

	if (!digits->international)
		return usual >= 0 ? &countries[usual] : NULL;
	/* Two countries may have one code. */
	if (usual >= 0 && strncmp(code, countries[usual].code, strlen(countries[usual].code)) == 0)
		return &countries[usual];
	for (int i = lengthof(countries) - 1; i >= 0; i--)
		if (strncmp(code, countries[i].code, strlen(countries[i].code)) == 0)
			return &countries[i];
	return NULL;
}

char *
cg_fiction_phone(const char *value, int usual, bool landline)
{
	Digits		digits = read_digits(value ? value : "");
	const Country *country = country_of(&digits, usual);
	const char *number;
	int			before;			/* digits before the national number */
	int			left;

	if (country == NULL)
		return NULL;
	number = landline ? country->landline : country->mobile;
	before = digits.international ? digits.prefix + strlen(country->code) : 0;
	left = digits.number - before - strlen(number);
	/* No national number begins with the digit that may stand before it. */
	if (digits.digits[before] == country->trunk)
	{
		before++;
		left--;
	}
	if (value != NULL && digits.plain && left == 0)
		return fill(value, psprintf("%.*s%s", before, digits.digits, number));
	/* Of another length, or with words in it: its form does not suit. */
	if (digits.international)
		return psprintf("+%s%s", country->code, number);
	return country->trunk_written ? psprintf("%c%s", country->trunk, number) : pstrdup(number);
}

/* The value with other digits; it has as many. */
static char *
fill(const char *value, const char *digits)
{
	char	   *result = pstrdup(value);

	for (char *at = result; *at != '\0'; at++)
		if (*at >= '0' && *at <= '9')
			*at = *digits++;
	return result;
}

/*
 * Programs write a number again in forms of their own, and copy it into other columns.  So
 * only its digits count, those of the whole text and those between words, and the numbers of
 * all countries and kinds.
 */
bool
cg_fiction_is_phone(const char *value, int bytes, int usual)
{
	static const char within[] = "0123456789 ().-/+\t\r\n";
	int			start = 0;

	if (are_digits_of_one(value, bytes, usual))
		return true;
	/* An extension, a name or a second number may stand around it. */
	for (int at = 0; at <= bytes; at++)
	{
		if (at < bytes && value[at] != '\0' && strchr(within, value[at]) != NULL)
			continue;
		if (at - start < bytes && are_digits_of_one(value + start, at - start, usual))
			return true;
		start = at + 1;
	}
	return false;
}

static bool
are_digits_of_one(const char *value, int bytes, int usual)
{
	char		digits[MOST_DIGITS + 1];
	int			number = 0;

	for (int i = 0; i < bytes; i++)
	{
		if (value[i] < '0' || value[i] > '9')
			continue;
		if (number == MOST_DIGITS)
			return false;
		digits[number++] = value[i];
	}
	digits[number] = '\0';
	for (int i = 0; i < lengthof(countries); i++)
	{
		Form		form = Max(form_of(&countries[i], countries[i].mobile, digits),
							   form_of(&countries[i], countries[i].landline, digits));

		if (form == INTERNATIONAL || (form == NATIONAL && (i == usual || is_used(i))))
			return true;
	}
	return false;
}

/* Is it this number, and how much of what is dialled before it stands there? */
static Form
form_of(const Country *country, const char *number, const char *digits)
{
	int			before = (int) strlen(digits) - (int) strlen(number);
	int			code = strlen(country->code);

	if (before < 0 || strcmp(digits + before, number) != 0)
		return NO_FORM;
	if (is_after_exit(digits, before, country->code) ||
		(before > code && digits[before - 1] == country->trunk && is_after_exit(digits, before - 1, country->code)))
		return INTERNATIONAL;
	return before == 0 || (before == 1 && digits[0] == country->trunk) ? NATIONAL : NO_FORM;
}

/*
 * Are the digits before a national number the country's code, with or without what is dialled
 * for a call abroad?  That is 00, in Russia 810, and elsewhere three to five digits beginning
 * with 0, such as 011 and 0011.  No code of a country begins with 0, and no national number
 * is as long as all these together.
 */
static bool
is_after_exit(const char *digits, int before, const char *code)
{
	int			exit = before - (int) strlen(code);

	if (exit < 0 || strncmp(digits + exit, code, strlen(code)) != 0)
		return false;
	return exit == 0 || (exit == 2 && strncmp(digits, "00", 2) == 0) ||
		(exit >= 3 && exit <= 5 && digits[0] == '0') || (exit == 3 && strncmp(digits, "810", 3) == 0);
}

/*
 * A number without a country's code may be that of somebody in another country.  So it counts
 * only for countries that a mask of this database names.  This is rarely asked, so the labels
 * are read each time.
 */
static bool
is_used(int country)
{
	UsedContext context = {countries[country].letters, false};
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
	{
		cg_labels_of_relation(lfirst_oid(lc), note_used, &context);
		if (context.used)
			return true;
	}
	return false;
}

static void
note_used(AttrNumber attnum, const char *label, void *arg)
{
	UsedContext *context = arg;
	CgColumnLabel parsed;
	const char *at;

	if (attnum == InvalidAttrNumber)
		return;
	cg_labelparse_column(label, &parsed);
	if (parsed.mask == NULL || strncmp(parsed.mask, "phone(", strlen("phone(")) != 0)
		return;
	at = parsed.mask + strlen("phone(");
	at += strspn(at, " ");
	context->used |= strncmp(at, context->letters, strlen(context->letters)) == 0;
}

/*
 * An address ends in a comma or a line's end, a postcode and a town.  Numbers of houses have
 * fewer digits than a postcode, and stand before it; if there is none, the words behind the
 * postcode may be those of a street.
 */
char *
cg_fiction_address(const char *value)
{
	const char *town = find_postcode(value);

	return town != NULL && is_town(town) ? psprintf("***, %s", town) : NULL;
}

/* No address begins with three stars and a comma, whatever a program has made of the town. */
bool
cg_fiction_is_address(const char *value)
{
	static const char blanks[] = " \t\r\n";

	value += strspn(value, blanks);
	if (strncmp(value, "***", 3) != 0)
		return false;
	value += 3;
	return value[strspn(value, blanks)] == ',';
}

/* What follows the only group of so many digits; NULL if that is not certain. */
static const char *
find_postcode(const char *value)
{
	const char *found = NULL;
	bool		house = false;

	for (const char *at = value; *at != '\0';)
	{
		int			digits = strspn(at, "0123456789");

		if (digits >= POSTCODE)
		{
			const char *before = at;

			while (before > value && before[-1] == ' ')
				before--;
			if (found != NULL || digits != POSTCODE || !house || before == value ||
				strchr(",\n", before[-1]) == NULL || at[digits] != ' ')
				return NULL;
			found = at + digits + 1;
		}
		else if (digits > 0 && found != NULL)
			return NULL;
		house |= digits > 0;
		at += Max(digits, 1);
	}
	return found;
}

/* Words with a capital letter, and the small words of town names: nothing else stands there. */
static bool
is_town(const char *text)
{
	int			words = 0;

	if (strlen(text) > MOST_TOWN)
		return false;
	while (*text != '\0')
	{
		int			length = strcspn(text, " ");

		if (!is_town_word(text, length) || ++words > 5)
			return false;
		text += length;
		if (*text == ' ' && *++text == '\0')
			return false;
	}
	return words > 0;
}

static bool
is_town_word(const char *word, int length)
{
	static const char *const small[] = {
		"a", "am", "an", "bei", "d'", "da", "de", "del", "della", "den", "der", "des", "di", "du", "en", "et", "im", "in",
		"la", "las", "le", "les", "los", "ob", "sous", "sur", "vor", "y"
	};
	bool		upper = false;
	int			first;
	int			bytes;

	for (int i = 0; i < lengthof(small); i++)
		if (strlen(small[i]) == length && memcmp(word, small[i], length) == 0)
			return true;
	/* A single letter may be that of a door or a staircase. */
	first = read_letter(word, length, &upper);
	if (first == 0 || !upper || first == length)
		return false;
	for (int i = first; i < length; i += bytes)
	{
		bytes = word[i] == '-' || word[i] == '\'' ? 1 : read_letter(word + i, length - i, &upper);
		if (bytes == 0)
			return false;
	}
	return true;
}

/*
 * The bytes of the Latin letter that the text begins with, U+0041 to U+017F; 0 if there is
 * none.  Only these are named as letters: among other characters are blanks, digits and marks
 * of all scripts, and whole words may be written in them.  In another encoding than UTF-8, the
 * letters are those of ASCII.
 */
static int
read_letter(const char *text, int length, bool *upper)
{
	unsigned char lead = text[0];
	int			letter;

	if ((lead >= 'A' && lead <= 'Z') || (lead >= 'a' && lead <= 'z'))
	{
		*upper = lead <= 'Z';
		return 1;
	}
	/* These three bytes begin the characters U+00C0 to U+017F, of two bytes. */
	if (GetDatabaseEncoding() != PG_UTF8 || length < 2 || lead < 0xC3 || lead > 0xC5)
		return 0;
	letter = ((lead & 0x1F) << 6) | (text[1] & 0x3F);
	if (letter == 0xD7 || letter == 0xF7)	/* the signs of multiplication and division */
		return 0;
	*upper = is_upper(letter);
	return 2;
}

/* Is a letter of U+00C0 to U+017F upper case?  No locale is asked. */
static bool
is_upper(int letter)
{
	if (letter < 0x100)
		return letter <= 0xDE;
	/* Pairs of an upper and a lower case letter, but for U+0138, U+0149, U+0178 and U+017F */
	if (letter <= 0x137 || (letter >= 0x14A && letter <= 0x177))
		return letter % 2 == 0;
	if ((letter >= 0x139 && letter <= 0x148) || (letter >= 0x179 && letter <= 0x17E))
		return letter % 2 == 1;
	return letter == 0x178;
}
