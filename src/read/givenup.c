/*
 * givenup.c
 *		What the client of a standby gets when records are lost on the way to the primary.
 *
 * The statement has ended with an error.  Its rows, and what the error or a notice says, may
 * hold a value that has no record, so they do not leave.  But the client is told why, and the
 * session goes on.
 */
#include "postgres.h"

#include "postgres_ext.h"
#include "utils/memutils.h"

#include "journal/forward.h"
#include "read/givenup.h"

/* Messages that say how the protocol goes on, and nothing of what was read */
static const char harmless[] = "TCZSK123ntIsGHWc";
static const char good_ends[] = "CIsc";

/* Of our error: its other fields, and its texts are shorter than that. */
#define OWN_ERROR 1024
#define PREFIX (1 + sizeof(uint32))

static char *put_error_field(char *to, char field, const char *text);
static char *put_own_error(char *to, const char *error);
static int	count_errors(const StringInfoData *held, int from);

static char *
put_error_field(char *to, char field, const char *text)
{
	*to++ = field;
	strcpy(to, text);
	return to + strlen(text) + 1;
}

/* With the severity of the error, since FATAL ends the session.  Returns the end. */
static char *
put_own_error(char *to, const char *error)
{
	char	   *begin = to;
	uint32		length;

	to += PREFIX;
	for (const char *at = error; *at != '\0'; at += strlen(at) + 1)
		if (*at == PG_DIAG_SEVERITY || *at == PG_DIAG_SEVERITY_NONLOCALIZED)
			to = put_error_field(to, *at, at + 1);
	to = put_error_field(to, PG_DIAG_SQLSTATE, unpack_sql_state(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE));
	to = put_error_field(to, PG_DIAG_MESSAGE_PRIMARY, cg_forward_failed_message());
	to = put_error_field(to, PG_DIAG_MESSAGE_HINT, cg_forward_failed_hint());
	*to++ = '\0';
	length = to - begin - PREFIX;
	*begin = 'E';
	memcpy(begin + 1, &length, sizeof(length));
	return to;
}

/* How many errors there are; -1 if rows would be missing from a result that ends well. */
static int
count_errors(const StringInfoData *held, int from)
{
	uint32		length;
	int			errors = 0;
	bool		dropped = false;

	for (int at = from; at < held->len; at += PREFIX + length)
	{
		memcpy(&length, held->data + at + 1, sizeof(length));
		if (held->data[at] == 'E')
		{
			errors++;
			dropped = false;
		}
		else if (dropped && strchr(good_ends, held->data[at]) != NULL)
			return -1;
		else if (strchr(harmless, held->data[at]) == NULL)
			dropped = true;
	}
	return dropped ? -1 : errors;
}

bool
cg_givenup_filter(StringInfo held, int from)
{
	int			errors = count_errors(held, from);
	Size		size = (Size) held->maxlen + OWN_ERROR * (Size) Max(errors, 0);
	char	   *result = errors > 0 && size < MaxAllocSize ?
		MemoryContextAllocExtended(TopMemoryContext, size, MCXT_ALLOC_NO_OOM) : NULL;
	char	   *to = result + from;
	uint32		length;

	if (result == NULL)
		return false;
	memcpy(result, held->data, from);
	for (int at = from; at < held->len; at += PREFIX + length)
	{
		memcpy(&length, held->data + at + 1, sizeof(length));
		if (held->data[at] == 'E')
			to = put_own_error(to, held->data + at + PREFIX);
		else if (strchr(harmless, held->data[at]) != NULL)
		{
			memcpy(to, held->data + at, PREFIX + length);
			to += PREFIX + length;
		}
	}
	pfree(held->data);
	held->data = result;
	held->len = to - result;
	held->maxlen = size;
	return true;
}
