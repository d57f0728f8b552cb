/*
 * html.h
 *		HTML of the customer's report and of the auditor's pages.
 *
 * A page is one file: no script from elsewhere, no picture, no font, no link that is fetched.
 * So it can be kept, mailed, and opened in ten years, and nobody learns that it was opened.
 *
 * Text in a page comes from the log, and much of that from people whom nobody trusts: names of
 * actors, purposes, reasons.  So html_put() escapes each argument.  Only its format is markup,
 * and must be a literal of this program or one of its translations.
 */
#ifndef CG_HTML_H
#define CG_HTML_H

#include "client.h"

typedef struct HtmlPage
{
	const char *language;		/* "en", "fr" */
	const char *title;
	const char *style;			/* CSS behind that of all pages; NULL: none */
	const char *script;			/* the one script of the page; NULL: none */
} HtmlPage;

/*
 * Appends markup.  It may have %s (a text, which is escaped; NULL: nothing), %lld, %d and %%,
 * and nothing else.
 */
extern void html_put(CgBytes *out, const char *markup,...) __attribute__((format(printf, 2, 3)));

/*
 * Appends a text, as text or as the value of an attribute in double quotes.  Characters that
 * do more than show themselves (text.c) appear as bytes, and are seen.
 */
extern void html_put_text(CgBytes *out, const char *text, size_t length);

/* From <!DOCTYPE> to <main>, and the end of it.  html_end() ends the program if out failed. */
extern void html_begin(CgBytes *out, const HtmlPage *page);
extern void html_end(CgBytes *out);

/*
 * A table with a caption, which a screen reader reads first, and headings of its columns, of
 * which the last is NULL.  Rows are "<tr>...</tr>"; what names a row is <th scope="row">.
 */
extern void html_begin_table(CgBytes *out, const char *caption, const char *const *headings);
extern void html_end_table(CgBytes *out);

#endif							/* CG_HTML_H */
