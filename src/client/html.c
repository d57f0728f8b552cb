/*
 * html.c
 *		HTML of the customer's report and of the auditor's pages.
 *
 * The Content-Security-Policy of a page allows its own style and its own script, by their
 * hashes, and nothing else.  It is the second line: if an escape were forgotten, what somebody
 * has put into a name would still not run, and nothing would be fetched.
 */
#include "html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/*
 * Colours have a contrast of 7 to 1 and more (WCAG AAA), also when printed in grey.  A table
 * repeats its headings on each printed page, and no row is torn between two.
 */
static const char style_of_all[] =
"html{color-scheme:light}"
"body{margin:0;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}"
"main{max-width:60rem;margin:0 auto;padding:1.5rem}"
"h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}"
"h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:2px solid #1a1a1a;padding-bottom:.2rem}"
"h3{font-size:1rem;margin:1.2rem 0 .3rem}"
"p{margin:.5rem 0}"
"a{color:#003a8c}"
"code{font-family:ui-monospace,\"DejaVu Sans Mono\",monospace;font-size:.9em;overflow-wrap:anywhere}"
"dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.2rem 1rem;margin:.5rem 0}"
"dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
"table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;font-size:.9rem}"
"caption{text-align:left;font-weight:600;padding:.3rem 0}"
"th,td{border:1px solid #767676;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
"thead th{background:#ececec}"
"tbody th{font-weight:600}"
".number{text-align:right;font-variant-numeric:tabular-nums}"
".note{border-left:4px solid #1a1a1a;padding:.3rem .8rem;margin:1rem 0;background:#f4f4f4}"
"@page{size:A4;margin:18mm 15mm}"
"@media print{body{font-size:10pt}main{max-width:none;padding:0}"
"thead{display:table-header-group}tr,.note{break-inside:avoid}h2,h3,caption{break-after:avoid}"
"a{color:inherit;text-decoration:none}}";

static void put_entity(CgBytes *out, char c);
static void put_source(CgBytes *out, const char *first, const char *second);

void
html_put_text(CgBytes *out, const char *text, size_t length)
{
	for (size_t at = 0; at < length;)
	{
		size_t		width = text_plain_width(text + at, length - at);

		if (width == 1)
			put_entity(out, text[at]);
		else if (width > 1)
			cg_bytes_put(out, text + at, width);
		else
		{
			char		code[8];

			snprintf(code, sizeof(code), "\\x%02x", (unsigned char) text[at]);
			cg_bytes_put_text(out, code);
			width = 1;
		}
		at += width;
	}
}

static void
put_entity(CgBytes *out, char c)
{
	if (c == '&')
		cg_bytes_put_text(out, "&amp;");
	else if (c == '<')
		cg_bytes_put_text(out, "&lt;");
	else if (c == '>')
		cg_bytes_put_text(out, "&gt;");
	else if (c == '"')
		cg_bytes_put_text(out, "&quot;");
	else if (c == '\'')
		cg_bytes_put_text(out, "&#39;");
	else
		cg_bytes_put_uint8(out, (uint8_t) c);
}

void
html_put(CgBytes *out, const char *markup,...)
{
	va_list		arguments;

	va_start(arguments, markup);
	while (*markup != '\0')
	{
		size_t		plain = strcspn(markup, "%");
		char		number[32] = "%";

		cg_bytes_put(out, markup, plain);
		markup += plain;
		if (*markup == '\0')
			break;
		if (strncmp(markup, "%s", 2) == 0)
		{
			const char *text = va_arg(arguments, const char *);

			html_put_text(out, text, text == NULL ? 0 : strlen(text));
			markup += 2;
			continue;
		}
		if (strncmp(markup, "%lld", 4) == 0)
			snprintf(number, sizeof(number), "%lld", va_arg(arguments, long long));
		else if (strncmp(markup, "%d", 2) == 0)
			snprintf(number, sizeof(number), "%d", va_arg(arguments, int));
		else if (strncmp(markup, "%%", 2) != 0)
			fail(EXIT_UNCHECKED, "internal error: markup with an unknown format: %s", markup);
		cg_bytes_put_text(out, number);
		markup += strncmp(markup, "%lld", 4) == 0 ? 4 : 2;
	}
	va_end(arguments);
}

/* A source of a Content-Security-Policy: the hash of what stands between the tags. */
static void
put_source(CgBytes *out, const char *first, const char *second)
{
	uint8_t		hash[CG_HASH_LENGTH];

	if (cg_hasher_digest(&hasher, first, strlen(first), second, strlen(second), hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "libcrypto could not compute SHA-256");
	cg_bytes_put_text(out, "'sha256-");
	cg_bytes_put_base64(out, hash, sizeof(hash));
	cg_bytes_put_text(out, "'");
}

void
html_begin(CgBytes *out, const HtmlPage *page)
{
	const char *style = page->style == NULL ? "" : page->style;

	html_put(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", page->language);
	cg_bytes_put_text(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src ");
	put_source(out, style_of_all, style);
	if (page->script != NULL)
	{
		cg_bytes_put_text(out, "; script-src ");
		put_source(out, page->script, "");
	}
	html_put(out, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			 "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n"
			 "<title>%s</title>\n<style>", page->title);
	cg_bytes_put_text(out, style_of_all);
	cg_bytes_put_text(out, style);
	cg_bytes_put_text(out, "</style>\n</head>\n<body>\n<main>\n");
	if (page->script != NULL)
	{
		/* It stands before the text, so it waits for DOMContentLoaded. */
		cg_bytes_put_text(out, "<script>");
		cg_bytes_put_text(out, page->script);
		cg_bytes_put_text(out, "</script>\n");
	}
}

void
html_end(CgBytes *out)
{
	cg_bytes_put_text(out, "</main>\n</body>\n</html>\n");
	if (out->failed)
		fail(EXIT_UNCHECKED, "out of memory");
}

void
html_begin_table(CgBytes *out, const char *caption, const char *const *headings)
{
	html_put(out, "<table>\n<caption>%s</caption>\n<thead><tr>", caption);
	for (; *headings != NULL; headings++)
		html_put(out, "<th scope=\"col\">%s</th>", *headings);
	cg_bytes_put_text(out, "</tr></thead>\n<tbody>\n");
}

void
html_end_table(CgBytes *out)
{
	cg_bytes_put_text(out, "</tbody>\n</table>\n");
}
