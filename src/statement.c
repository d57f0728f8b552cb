/*
 * statement.c
 *		Statement texts without the values in them.
 *
 * The log must not become the second place where phone numbers are kept, so no
 * literal gets into it.  Normalising is lexical, with the server's own scanner:
 * that works for every kind of command (the body of a DO is a literal) and
 * costs nothing in sessions that read nothing guarded, where a jumble in
 * post_parse_analyze_hook would.
 */
#include "postgres.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/stringinfo.h"
#include "parser/scanner.h"
#include "parser/parser.h"
#include "parser/scansup.h"

/* The numbers of the tokens; after what declares the semantic types. */
#include "parser/gramparse.h"

#include "statement.h"

#define NOT_NORMALISED "<not normalised>"
#define LONGEST_TEXT 10000		/* bytes that are kept */

static char *statement_text(QueryDesc *query);
static char *without_values(const char *text);
static char *scan(const char *text);
static bool was_apart(const char *text, int location);
static int	highest_parameter(const char *text);

char *
cg_statement_normalise(QueryDesc *query, const uint8 *key, int64 *id)
{
	return cg_statement_normalise_text(statement_text(query), key, id);
}

char *
cg_statement_normalise_text(const char *text, const uint8 *key, int64 *id)
{
	char	   *result;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_length;

	*id = 0;
	if (text == NULL)
		return NULL;
	result = without_values(text);
	if (HMAC(EVP_sha256(), key, 32, (unsigned char *) result, strlen(result), digest, &digest_length) == NULL)
		elog(ERROR, "could not compute HMAC");
	memcpy(id, digest, sizeof(*id));
	if (*id == 0)
		*id = 1;
	return result;
}

/*
 * The settings with which the text was parsed are not known here: a prepared
 * statement may be older than they are.  They make a difference where a backslash
 * stands before a quote; what that text would look like is not guessed.
 */
static char *
without_values(const char *text)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	char	   *volatile result = NULL;

	if (strstr(text, "\\'") != NULL)
		return pstrdup(NOT_NORMALISED);
	PG_TRY();
	{
		result = scan(text);
	}
	PG_CATCH();
	{
		/* The scanner holds nothing but memory. */
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
		result = pstrdup(NOT_NORMALISED);
	}
	PG_END_TRY();
	return result;
}

static char *
scan(const char *text)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location = 0;
	core_yyscan_t scanner;
	StringInfoData out;
	int			parameter = highest_parameter(text);
	int			token;

	initStringInfo(&out);
	scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	/* It has warned of them when the statement was parsed. */
	extra.escape_string_warning = false;
	extra.standard_conforming_strings = true;
	extra.backslash_quote = BACKSLASH_QUOTE_ON;
	while ((token = core_yylex(&value, &location, scanner)) != 0 && out.len < LONGEST_TEXT)
	{
		/* Only the last one can be there, and it is no part of the statement. */
		if (token == ';')
			continue;
		if (out.len > 0 && was_apart(text, location))
			appendStringInfoChar(&out, ' ');
		switch (token)
		{
			case SCONST:
			case USCONST:
			case ICONST:
			case FCONST:
			case BCONST:
			case XCONST:
				appendStringInfo(&out, "$%d", ++parameter);
				break;
			default:
				/* The scanner has put a zero byte behind the token. */
				appendStringInfoString(&out, extra.scanbuf + location);
				break;
		}
	}
	scanner_finish(scanner);
	if (out.len >= LONGEST_TEXT)
		appendStringInfoString(&out, " ...");
	return out.data;
}

/* One statement of what may be a string of several. */
static char *
statement_text(QueryDesc *query)
{
	const char *source = query->sourceText;
	int			start = query->plannedstmt->stmt_location;
	int			length = query->plannedstmt->stmt_len;

	if (source == NULL)
		return NULL;
	/* A query that a function's plan was made from may know no place. */
	if (start < 0 || start > strlen(source))
		return pstrdup(source);
	source += start;
	return length > 0 ? pnstrdup(source, length) : pstrdup(source);
}

/* Was there white space, or a comment, before this token? */
static bool
was_apart(const char *text, int location)
{
	if (location < 1)
		return false;
	return scanner_isspace(text[location - 1]) ||
		(location > 3 && text[location - 1] == '/' && text[location - 2] == '*');
}

static int
highest_parameter(const char *text)
{
	int			highest = 0;

	for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$'))
	{
		int			number = atoi(at + 1);

		if (at[1] >= '0' && at[1] <= '9' && number > highest && number < 65536)
			highest = number;
	}
	return highest;
}
