/*
 * tokenlog.c
 *		Keeps tokens out of the server log.
 *
 * Whoever reads the log could use a token until it expires.  PostgreSQL writes parameters
 * there (log_parameter_max_length, whose default is all of them), statements, and in the
 * detail of a deadlock the statements of others.  So what looks like a token is blotted out
 * in each line, whoever writes it.
 *
 * A token begins with its header, a JSON object in base64url, whose first two characters are
 * "ey", or "ew" if a line ends there; a dot follows, and what it claims.  The rest may have been
 * cut off, by log_parameter_max_length say, also within the signature, of which the last
 * characters can be guessed.  So all of it is blotted out, however much of it is there.
 */
#include "postgres.h"

#include "tcop/tcopprot.h"

#include "base/guc.h"
#include "base/refused.h"
#include "policy/tokenlog.h"

#define LEAST_HEADER 16

static emit_log_hook_type prev_emit = NULL;

static bool is_part_of_token(char c);
static char *find_token(char *text, char **end);
static bool blot_out(char *text);
static void tokenlog_emit(ErrorData *error);

void
cg_tokenlog_init(void)
{
	prev_emit = emit_log_hook;
	emit_log_hook = tokenlog_emit;
}

static bool
is_part_of_token(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The first dot of a token, and the end of it; NULL: there is none.  Passes each byte twice at most. */
static char *
find_token(char *text, char **end)
{
	char	   *begin = text;

	for (char *at = text; *at; at++)
	{
		if (is_part_of_token(*at))
			continue;
		if (*at == '.' && at - begin >= LEAST_HEADER && begin[0] == 'e' && (begin[1] == 'y' || begin[1] == 'w'))
		{
			*end = at + 1;
			while (is_part_of_token(**end) || **end == '.')
				(*end)++;
			return at;
		}
		begin = at + 1;
	}
	return NULL;
}

static bool
blot_out(char *text)
{
	char	   *end;
	bool		found = false;

	for (char *at = text ? find_token(text, &end) : NULL; at; at = find_token(end, &end))
	{
		memset(at + 1, '*', end - at - 1);
		found = true;
	}
	return found;
}

static void
tokenlog_emit(ErrorData *error)
{
	char	   *end;

	if (cg_identity != CG_IDENTITY_OFF)
	{
		(void) blot_out(error->message);
		(void) blot_out(error->detail);
		(void) blot_out(error->detail_log);
		(void) blot_out(error->hint);
		(void) blot_out(error->context);
		(void) blot_out(error->internalquery);
		/* The statement's text belongs to PostgreSQL. */
		if (debug_query_string && find_token(unconstify(char *, debug_query_string), &end))
			error->hide_stmt = true;
		/* The error's own wish for that is lost on its way: see refused.c. */
		if (error->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION && cg_refused_is_ours(error->funcname))
			error->hide_stmt = error->hide_ctx = true;
	}
	if (prev_emit)
		prev_emit(error);
}
