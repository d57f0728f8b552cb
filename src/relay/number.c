/*
 * number.c
 *		Telephone numbers: what is dialled, what is compared, and the hash of a party.
 *
 * What is stored for people to read becomes digits.  A gateway must not call emergency numbers
 * in somebody's name, so the least number of digits keeps these and other short ones out, and
 * zeros in front do not count.  Nor may two numbers in one field become the number of a
 * stranger, so a slash separates only what can be an area code.
 */
#include "postgres.h"

#include "base/guc.h"
#include "journal/journal.h"
#include "journal/messagemac.h"
#include "relay/number.h"

#define DIGITS_MIN 6
#define DIGITS_MAX 15			/* of E.164 */
/* Digits before a slash: of a country's and an area's code, of an area's code with and without 0 */
#define AREA_PLUS 8
#define AREA_ZERO 6
#define AREA_BARE 4
/* As a telephone that dials digit by digit would hear it */
#define EMERGENCY "112"

static bool is_area(const char *digits, int length);
static bool is_personal(const char *digits);

/* Can these digits before a slash be an area code? */
static bool
is_area(const char *digits, int length)
{
	if (*digits == '+')
		return length - 1 <= AREA_PLUS;
	return length <= (*digits == '0' ? AREA_ZERO : AREA_BARE);
}

static bool
is_personal(const char *digits)
{
	const char *significant = digits + (*digits == '+');

	if (*digits != '+' && strncmp(digits, EMERGENCY, strlen(EMERGENCY)) == 0)
		return false;
	return strlen(significant + strspn(significant, "0")) >= DIGITS_MIN;
}

/* "+33 (0)6 39 98 47 11", "06.39.98.47.11", "0471/12 34 56" */
char *
cg_number_dial(const char *text)
{
	char	   *result = palloc(DIGITS_MAX + 2);
	int			length = 0;
	int			plus;
	bool		slash = false;

	while (*text == ' ')
		text++;
	plus = *text == '+';
	if (plus)
		result[length++] = *text++;
	for (; *text; text++)
	{
		/* The zero that is not dialled behind a country's code. */
		if (plus && strncmp(text, "(0)", 3) == 0)
			text += 2;
		else if (*text >= '0' && *text <= '9')
		{
			if (length - plus == DIGITS_MAX)
				return NULL;
			result[length++] = *text;
		}
		else if (*text == '/')
		{
			if (slash || !is_area(result, length))
				return NULL;
			slash = true;
		}
		else if (strchr(" .-()", *text) == NULL)
			return NULL;
	}
	result[length] = '\0';
	return is_personal(result) ? result : NULL;
}

char *
cg_number_international(const char *text)
{
	char	   *dial = cg_number_dial(text);

	if (dial == NULL || *cg_relay_country_code == '\0')
		return dial;
	if (strncmp(dial, "00", 2) == 0)
		return psprintf("+%s", dial + 2);
	if (*dial == '0')
		return psprintf("+%s%s", cg_relay_country_code, dial + 1);
	return dial;
}

bool
cg_number_is_caller(const char *caller)
{
	return *caller == '+';
}

bool
cg_number_may_be(const char *text)
{
	int			digits = 0;

	if (cg_number_is_caller(text))
		return true;
	for (; *text; text++)
		digits += *text >= '0' && *text <= '9';
	return digits >= DIGITS_MIN;
}

void
cg_number_hash_party(bool is_number, const char *text, uint8 hash[CG_PARTY_HASH])
{
	static const char what[] = "contact_guard party";
	CgMacPart	parts[] = {{what, sizeof(what)}, {is_number ? "+" : "@", 1}, {text, strlen(text)}};

	if (!cg_messagemac_compute(cg_journal_key(), parts, lengthof(parts), hash))
		elog(ERROR, "could not compute HMAC");
}
