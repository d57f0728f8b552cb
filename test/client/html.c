/*
 * html.c
 *		Writes a page with src/client/html.c, for test/t/180_html.pl: the text of its argument
 *		in a heading, an attribute and a cell.
 */
#include "client/html.h"

#include <stdarg.h>
#include <stdlib.h>

CgHasher	hasher;

void
fail(int code, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	exit(code);
}

int
main(int argc, char **argv)
{
	static const char *const headings[] = {"a", "b & c", NULL};
	HtmlPage	page = {"fr", argc > 1 ? argv[1] : "", "td{color:#000}", "document.title"};
	CgBytes		out;

	if (cg_hasher_open(&hasher) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "no hasher");
	cg_bytes_init(&out);
	html_begin(&out, &page);
	html_put(&out, "<h1>%s</h1><p title=\"%s\">%lld %d %%</p>\n", page.title, page.title, -3LL, 4);
	html_begin_table(&out, page.title, headings);
	html_put(&out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", page.title, (const char *) NULL);
	html_end_table(&out);
	html_end(&out);
	fwrite(out.data, 1, out.length, stdout);
	return 0;
}
