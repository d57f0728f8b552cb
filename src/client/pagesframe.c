/*
 * pagesframe.c
 *		The frame of the auditor's pages, and their tables.
 */
#include "pages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Behind the style of all pages: html.c. */
static const char style[] =
"main{max-width:68rem}"
"nav{border-bottom:1px solid #767676;margin:0 0 1.5rem;padding:0 0 .6rem;font-size:.9rem}"
"nav a{display:inline-block;padding:.2rem .9rem .2rem 0}"
"nav a[aria-current]{color:#1a1a1a;font-weight:700;text-decoration:none}"
"a:focus-visible,button:focus-visible{outline:3px solid #b35900;outline-offset:2px}"
"thead th,.number,.at{overflow-wrap:normal}.at{white-space:nowrap}td:not(.number),tbody th{min-width:6rem}"
".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:.8rem;margin:1rem 0 1.5rem;padding:0;list-style:none}"
".facts li{border:1px solid #767676;border-left:6px solid #1f5f7a;padding:.5rem .8rem}"
".facts .bad{border-left-color:#9b1c1c}"
".facts strong{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}"
".facts span{font-size:.85rem}"
"figure{margin:1rem 0}figcaption{font-size:.85rem;margin:.3rem 0}"
"svg{display:block;width:100%;height:auto}"
"svg text{font:12px system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;fill:#1a1a1a}"
"svg .small{font-size:10px}"
"svg .axis{stroke:#767676}svg .grid{stroke:#dcdcdc}"
"svg .bar{fill:#1f5f7a}svg .visit{fill:#a9cbd8;stroke:#1f5f7a}svg .dot{fill:#1a1a1a}"
"svg .mask{fill:#fff;stroke:#9b1c1c;stroke-width:2}svg .other{stroke:#1a1a1a;stroke-width:2}"
"svg .on{fill:#1f5f7a}svg .off{fill:#9b1c1c}svg .cross{stroke:#fff;stroke-width:2}"
"svg .unknown{fill:#fff;stroke:#767676}svg .mark{fill:#1a1a1a}"
"th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit;text-decoration:underline dotted}"
".unused th:first-child{border-left:6px solid #9b1c1c}"
"footer{margin:2rem 0 0;border-top:1px solid #767676;padding:.6rem 0 0;font-size:.85rem}"
"pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #767676;padding:.6rem;font-size:.85rem}"
"@media print{nav{display:none}main{max-width:none}}";

/* Sorts a table by a column; without it, tables are as they came. */
static const char script[] =
"document.addEventListener('DOMContentLoaded',function(){"
"document.querySelectorAll('table').forEach(function(t){var b=t.tBodies[0];"
"t.querySelectorAll('thead th').forEach(function(h,n){"
"var u=document.createElement('button');u.type='button';u.textContent=h.textContent;h.textContent='';h.appendChild(u);"
"u.addEventListener('click',function(){"
"var d=h.getAttribute('aria-sort')==='ascending'?-1:1;"
"t.querySelectorAll('thead th').forEach(function(o){o.removeAttribute('aria-sort')});"
"h.setAttribute('aria-sort',d>0?'ascending':'descending');"
"Array.from(b.rows).sort(function(x,y){var p=x.cells[n].textContent,q=y.cells[n].textContent;"
"return d*(p!==''&&q!==''&&!isNaN(p)&&!isNaN(q)?p-q:p<q?-1:p>q?1:0)"
"}).forEach(function(r){b.appendChild(r)})})})})});";

static const char *const navigation[][2] = {
	{"index", "Overview"}, {"guard", "The guard"}, {"team", "Attempts"}, {"customers", "Customers"},
	{"permissions", "Permissions and policy"}, {"searches", "Searches and bulk reads"}, {"evidence", "Evidence"}
};

static int	page_number_of(const Pages *pages, const char *section, int first, const char *key);
static const char *class_of(const Pages *pages, int row, char letter, int column);
static void put_table_cell(Pages *pages, int row, char kind, int column);

bool
pages_is(const Pages *pages, int row, const char *section)
{
	return strcmp(PQgetvalue(pages->answer, row, 0), section) == 0;
}

const char *
pages_text(const Pages *pages, int row, int column)
{
	return PQgetisnull(pages->answer, row, column) ? NULL : PQgetvalue(pages->answer, row, column);
}

int64_t
pages_number(const Pages *pages, int row, int column)
{
	return strtoll(PQgetvalue(pages->answer, row, column), NULL, 10);
}

int
pages_first(const Pages *pages, const char *section)
{
	for (int row = 0; row < pages->rows; row++)
		if (pages_is(pages, row, section))
			return row;
	return -1;
}

int64_t
pages_count(const Pages *pages, const char *section)
{
	int64_t		count = 0;

	for (int row = 0; row < pages->rows; row++)
		count += pages_is(pages, row, section);
	return count;
}

int64_t
pages_sum(const Pages *pages, const char *section, int column)
{
	int64_t		sum = 0;

	for (int row = 0; row < pages->rows; row++)
		if (pages_is(pages, row, section))
			sum += pages_number(pages, row, column);
	return sum;
}

void
pages_begin(Pages *pages, const char *name, const char *title)
{
	int			head = pages_first(pages, "head");
	CgBytes		whole;
	HtmlPage	page = {"en", NULL, style, script};

	cg_bytes_init(&whole);
	cg_bytes_put_text(&whole, title);
	cg_bytes_put_text(&whole, " - contact_guard, ");
	cg_bytes_put_text(&whole, pages_text(pages, head, A));
	cg_bytes_put_uint8(&whole, 0);
	if (whole.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	page.title = (const char *) whole.data;
	cg_bytes_reset(&pages->out);
	html_begin(&pages->out, &page);
	cg_bytes_free(&whole);
	html_put(&pages->out, "<nav aria-label=\"Pages\">");
	for (size_t i = 0; i < sizeof(navigation) / sizeof(navigation[0]); i++)
		html_put(&pages->out, strcmp(navigation[i][0], name) == 0 ? "<a href=\"%s.html\" aria-current=\"page\">%s</a>\n" :
				 "<a href=\"%s.html\">%s</a>\n", navigation[i][0], navigation[i][1]);
	html_put(&pages->out, "</nav>\n<h1>%s</h1>\n<p>Database <strong>%s</strong>, from %s to %s.</p>\n",
			 title, pages_text(pages, head, A), pages_text(pages, head, C), pages_text(pages, head, D));
}

/* Writes it, as a new file. */
void
pages_end(Pages *pages, const char *name)
{
	int			head = pages_first(pages, "head");
	char		file[64];
	char	   *path;

	html_put(&pages->out, "<footer>Made by contact-guard %s for %s at %s. Times are those of %s."
			 " What was read for these pages is on record by event audit_read."
			 " The pages show what the tables of the log say; contact-guard verify says whether that is what was recorded.</footer>\n",
			 CG_VERSION, pages_text(pages, head, H), pages_text(pages, head, B), pages_text(pages, head, E));
	html_end(&pages->out);
	snprintf(file, sizeof(file), "%s.html", name);
	path = file_path(pages->folder, file);
	file_write_later(path, pages->out.data, pages->out.length);
	free(path);
	progress_show(++pages->written, pages->total);
}

/*
 * Whose page it is: the number of the row in the section, from 1; 0: there is no page.  Called
 * for each cell, so it looks only at the rows of that section, which stand together.
 */
static int
page_number_of(const Pages *pages, const char *section, int first, const char *key)
{
	for (int row = first; key != NULL && row >= 0 && row < pages->rows && pages_is(pages, row, section); row++)
		if (pages_text(pages, row, A) != NULL && strcmp(pages_text(pages, row, A), key) == 0)
			return row - first + 1;
	return 0;
}

void
pages_put_actor(Pages *pages, const char *actor)
{
	int			place = page_number_of(pages, "actor", pages->actors, actor);

	if (actor == NULL)
		html_put(&pages->out, "<em>name erased, or nobody</em>");
	else if (place > 0)
		html_put(&pages->out, "<a href=\"actor-%d.html\">%s</a>", place, actor);
	else
		html_put(&pages->out, "%s", actor);
}

void
pages_put_customer(Pages *pages, const char *customer)
{
	int			place = page_number_of(pages, "customer", pages->customers, customer);

	if (customer == NULL)
		html_put(&pages->out, "<em>not named</em>");
	else if (place > 0)
		html_put(&pages->out, "<a href=\"customer-%d.html\">%s</a>", place, customer);
	else
		html_put(&pages->out, "%s", customer);
}

/* The attribute of a cell: numbers are aligned, and times are not broken. */
static const char *
class_of(const Pages *pages, int row, char letter, int column)
{
	const char *text = pages_text(pages, row, column);

	if (isupper((unsigned char) letter))
		return " class=\"number\"";
	if (text != NULL && strlen(text) >= 19 && strlen(text) <= 25 && text[4] == '-' && text[7] == '-' && text[13] == ':')
		return " class=\"at\"";
	return "";
}

static void
put_table_cell(Pages *pages, int row, char kind, int column)
{
	const char *text = pages_text(pages, row, column);

	if (kind == '@')
		pages_put_actor(pages, text);
	else if (kind == '#')
		pages_put_customer(pages, text);
	else
		html_put(&pages->out, "%s", text);
}

void
pages_table(Pages *pages, const char *section, const char *key, const char *caption,
			const char *const *headings, const char *columns, const char *none)
{
	int			rows = 0;

	for (int row = 0; row < pages->rows; row++)
	{
		bool		first = true;

		if (!pages_is(pages, row, section) ||
			(key != NULL && (pages_text(pages, row, A) == NULL || strcmp(pages_text(pages, row, A), key) != 0)))
			continue;
		if (rows++ == 0)
			html_begin_table(&pages->out, caption, headings);
		html_put(&pages->out, "<tr>");
		for (const char *at = columns; *at != '\0'; at++)
		{
			char		kind = *at == '@' || *at == '#' ? *at++ : ' ';
			int			column = tolower((unsigned char) *at) - 'a' + A;

			cg_bytes_put_text(&pages->out, first ? "<th scope=\"row\"" : "<td");
			cg_bytes_put_text(&pages->out, class_of(pages, row, *at, column));
			cg_bytes_put_text(&pages->out, ">");
			put_table_cell(pages, row, kind, column);
			html_put(&pages->out, first ? "</th>" : "</td>");
			first = false;
		}
		html_put(&pages->out, "</tr>\n");
	}
	if (rows > 0)
		html_end_table(&pages->out);
	else
		html_put(&pages->out, "<p>%s</p>\n", none);
	if (rows >= PAGES_LIST || (key != NULL && rows >= PAGES_RECORDS))
		html_put(&pages->out, "<p class=\"note\">There are more: this list ends after %d.</p>\n", rows);
}
