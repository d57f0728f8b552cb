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
#include "parser/scansup.h"

/* The numbers of the tokens; after what declares the semantic types. */
#include "parser/gramparse.h"

#include "statement.h"

#define LONGEST_TEXT 10000		/* bytes that are kept */

static char *statement_text(QueryDesc *query);
static bool was_apart(const char *text, int location);
static int	highest_parameter(const char *text);

char *
cg_statement_normalise(QueryDesc *query, const uint8 *key, int64 *id)
{
	char	   *text = statement_text(query);
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location = 0;
	core_yyscan_t scanner;
	StringInfoData out;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_length;
	int			parameter;
	int			token;

	*id = 0;
	if (text == NULL)
		return NULL;
	parameter = highest_parameter(text);
	initStringInfo(&out);
	scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	/* It has warned of them when the statement was parsed. */
	extra.escape_string_warning = false;
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

	if (HMAC(EVP_sha256(), key, 32, (unsigned char *) out.data, out.len, digest, &digest_length) == NULL)
		elog(ERROR, "could not compute HMAC");
	memcpy(id, digest, sizeof(*id));
	if (*id == 0)
		*id = 1;
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
