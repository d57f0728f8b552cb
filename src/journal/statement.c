/*
 * statement.c
 *		Statement texts without the values in them.
 *
 * The log must not become a second place where phone numbers are kept, so no literal
 * goes into it.  A text is normalised lexically, with the server's own scanner.  That
 * works for every kind of command: the body of a DO is a literal, too.  It costs
 * nothing in sessions that read nothing guarded.  A jumble in post_parse_analyze_hook
 * would cost something there.
 *
 * The length that is scanned and the length that is kept are bounded, for the text and
 * for each token: a statement may have a gigabyte, and so may an identifier.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/scanner.h"
#include "parser/parser.h"
#include "parser/scansup.h"

#include "journal/messagemac.h"
#include "journal/statement.h"

#define NOT_NORMALISED "<not normalised>"
#define LONGEST_TEXT 10000		/* bytes that are kept; the last token may go beyond */
#define LONGEST_TOKEN 1000
#define LONGEST_SCAN (64 * 1024)	/* bytes that are scanned */

/*
 * The token numbers of constants.  PostgreSQL 16 and later do not install the header
 * that defines them, so the scanner is run on one constant of each kind.
 */
static const char constants[] = "1 1.5 '' U&'' B'1' X'1'";
static int	constant_tokens[6];

static void learn_constants(void);
static bool is_constant(int token);
static char *without_values(const char *text, bool cut);
static bool scan(const char *text, bool standard_conforming_strings, StringInfo out);
static void scan_tokens(const char *text, bool standard_conforming_strings, StringInfo out);
static void put_token(StringInfo out, const char *token);
static char *in_common(const char *one, const char *other);
static bool was_apart(const char *text, int location);
static int	highest_parameter(const char *text);

char *
cg_statement_normalise(QueryDesc *query, const uint8 *key, int64 *id)
{
	size_t		length;
	const char *text = cg_statement_text(query, &length);

	return cg_statement_normalise_text(text ? pnstrdup(text, length) : NULL, key, id);
}

char *
cg_statement_normalise_text(const char *text, const uint8 *key, int64 *id)
{
	char	   *result;
	size_t		length;
	bool		cut;
	unsigned char digest[CG_MESSAGEMAC_LENGTH];
	CgMacPart	whole;

	*id = 0;
	if (text == NULL)
		return NULL;
	length = strnlen(text, LONGEST_SCAN + 1);
	cut = length > LONGEST_SCAN;
	if (cut)
		text = pnstrdup(text, pg_mbcliplen(text, length, LONGEST_SCAN));
	result = without_values(text, cut);
	whole = (CgMacPart) {result, strlen(result)};
	if (!cg_messagemac_compute(key, &whole, 1, digest))
		elog(ERROR, "could not compute HMAC");
	memcpy(id, digest, sizeof(*id));
	if (*id == 0)
		*id = 1;
	return result;
}

/*
 * The setting of standard_conforming_strings with which the text was parsed is not
 * known here: a prepared statement may be older than the present setting.  It can only
 * make a difference where a backslash stands before a quote.  Then the text is scanned
 * in both ways, and the beginning that both results share is right in either case.
 */
static char *
without_values(const char *text, bool cut)
{
	StringInfoData out;
	bool		whole;

	initStringInfo(&out);
	whole = scan(text, true, &out);
	if (strstr(text, "\\'") != NULL)
	{
		StringInfoData other;

		initStringInfo(&other);
		whole = scan(text, false, &other) && whole;
		if (strcmp(out.data, other.data) != 0)
			return in_common(out.data, other.data);
	}
	if (whole && !cut && out.len < LONGEST_TEXT)
		return out.data;
	/* An error at the last token is expected if the text was cut for the scan. */
	if (!whole && !cut)
		return psprintf("%s%s" NOT_NORMALISED, out.data, out.len > 0 ? " " : "");
	appendStringInfoString(&out, out.len > 0 ? " ..." : "...");
	return out.data;
}

/*
 * One of the two was scanned as the server parsed the text, and has no value in it.  So
 * their common beginning has none.
 */
static char *
in_common(const char *one, const char *other)
{
	size_t		length = 0;

	while (one[length] != '\0' && one[length] == other[length])
		length++;
	length = pg_mbcliplen(one, strlen(one), length);
	while (length > 0 && one[length - 1] == ' ')
		length--;
	return psprintf("%.*s%s" NOT_NORMALISED, (int) length, one, length > 0 ? " " : "");
}

/*
 * False if the text is not SQL, or ends inside a token.  Then out has the tokens before
 * that place.
 */
static bool
scan(const char *text, bool standard_conforming_strings, StringInfo out)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	volatile bool whole = false;

	PG_TRY();
	{
		scan_tokens(text, standard_conforming_strings, out);
		whole = true;
	}
	PG_CATCH();
	{
		/* The scanner holds nothing but memory. */
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
	}
	PG_END_TRY();
	return whole;
}

static void
scan_tokens(const char *text, bool standard_conforming_strings, StringInfo out)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location = 0;
	core_yyscan_t scanner;
	int			parameter = highest_parameter(text);
	int			token;

	learn_constants();
	scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	/* The warning came when the statement was parsed. */
	extra.escape_string_warning = false;
	extra.standard_conforming_strings = standard_conforming_strings;
	extra.backslash_quote = BACKSLASH_QUOTE_ON;
	while (out->len < LONGEST_TEXT && (token = core_yylex(&value, &location, scanner)) != 0)
	{
		/* The only one possible is at the end, and is not a part of the statement. */
		if (token == ';')
			continue;
		if (out->len > 0 && was_apart(text, location))
			appendStringInfoChar(out, ' ');
		if (is_constant(token))
			appendStringInfo(out, "$%d", ++parameter);
		else
			/* The scanner has set a zero byte behind the token. */
			put_token(out, extra.scanbuf + location);
	}
	scanner_finish(scanner);
}

static void
learn_constants(void)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location = 0;
	core_yyscan_t scanner;

	if (constant_tokens[0] != 0)
		return;
	scanner = scanner_init(constants, &extra, &ScanKeywords, ScanKeywordTokens);
	extra.standard_conforming_strings = true;	/* else U&'' is an error */
	/* Element 0 is set last: if the scanner fails, the next call learns all again. */
	for (int i = lengthof(constant_tokens) - 1; i >= 0; i--)
		constant_tokens[i] = core_yylex(&value, &location, scanner);
	scanner_finish(scanner);
}

static bool
is_constant(int token)
{
	for (int i = 0; i < lengthof(constant_tokens); i++)
		if (constant_tokens[i] == token)
			return true;
	return false;
}

static void
put_token(StringInfo out, const char *token)
{
	size_t		length = strnlen(token, LONGEST_TOKEN + 1);

	if (length <= LONGEST_TOKEN)
		appendStringInfoString(out, token);
	else
	{
		appendBinaryStringInfo(out, token, pg_mbcliplen(token, length, LONGEST_TOKEN));
		appendStringInfoString(out, "...");
	}
}

const char *
cg_statement_text(QueryDesc *query, size_t *length)
{
	const char *source = query->sourceText;
	int			start = query->plannedstmt->stmt_location;

	*length = LONGEST_SCAN + 1;
	if (source == NULL)
		return NULL;
	/* In a plan of a function's query the location may be unknown. */
	if (start >= 0 && strnlen(source, start) == start)
	{
		source += start;
		if (query->plannedstmt->stmt_len > 0)
			*length = Min(*length, query->plannedstmt->stmt_len);
	}
	*length = strnlen(source, *length);
	return source;
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
