/*
 * pageswrite.c
 *		The auditor's pages, one after the other.
 */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

static const char late_none[] = "Nothing was withheld from somebody behind the end of his visit.";

static void put_fact(Pages *pages, const char *number, const char *what, bool bad);
static void put_count(Pages *pages, int64_t number, const char *what, bool bad);
static int64_t count_with(const Pages *pages, const char *section, int column, const char *value);
static int64_t count_event(const Pages *pages, const char *event);
static void write_overview(Pages *pages);
static void write_guard(Pages *pages);
static void write_team(Pages *pages);
static void write_customers(Pages *pages);
static void write_permissions(Pages *pages);
static void write_searches(Pages *pages);
static void write_evidence(Pages *pages);
static void write_customer(Pages *pages, int row, int place);
static void write_actor(Pages *pages, int row, int place);
static void put_who(Pages *pages, const char *whom);

void
pages_write_all(Pages *pages)
{
	void		(*const fixed[]) (Pages *) = {
		write_overview, write_guard, write_team, write_customers, write_permissions, write_searches, write_evidence
	};
	int			customers = 0;
	int			actors = 0;

	pages->total = (int) (sizeof(fixed) / sizeof(fixed[0]) + pages_count(pages, "customer") + pages_count(pages, "actor"));
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		fixed[i] (pages);
	for (int row = 0; row < pages->rows; row++)
	{
		if (pages_is(pages, row, "customer") && pages_text(pages, row, A) != NULL)
			write_customer(pages, row, ++customers);
		else if (pages_is(pages, row, "actor") && pages_text(pages, row, A) != NULL)
			write_actor(pages, row, ++actors);
	}
}

static void
put_fact(Pages *pages, const char *number, const char *what, bool bad)
{
	html_put(&pages->out, bad ? "<li class=\"bad\"><strong>%s</strong><span>%s</span></li>\n" :
			 "<li><strong>%s</strong><span>%s</span></li>\n", number, what);
}

static void
put_count(Pages *pages, int64_t number, const char *what, bool bad)
{
	char		text[24];

	snprintf(text, sizeof(text), "%lld", (long long) number);
	put_fact(pages, text, what, bad);
}

/* The rows that have the value, or with NULL any, in the column. */
static int64_t
count_with(const Pages *pages, const char *section, int column, const char *value)
{
	int64_t		count = 0;

	for (int row = 0; row < pages->rows; row++)
		if (pages_is(pages, row, section) && pages_text(pages, row, column) != NULL &&
			(value == NULL || strcmp(pages_text(pages, row, column), value) == 0))
			count++;
	return count;
}

static int64_t
count_event(const Pages *pages, const char *event)
{
	int64_t		count = 0;

	for (int row = 0; row < pages->rows; row++)
		if (pages_is(pages, row, "day") && pages_text(pages, row, C) != NULL && strcmp(pages_text(pages, row, C), event) == 0)
			count += pages_number(pages, row, D);
	return count;
}

static void
write_overview(Pages *pages)
{
	int			status = pages_first(pages, "status");
	int			log = pages_first(pages, "log");
	int64_t		missing = count_event(pages, "gap") + count_event(pages, "conflict");
	int64_t		unused = count_with(pages, "permission", I, "unused for 90 days");
	static const char *const problem_headings[] = {"Problem", NULL};

	pages_begin(pages, "index", "What is on record");
	html_put(&pages->out, "<ul class=\"facts\">\n");
	if (status >= 0)
		put_fact(pages, pages_text(pages, status, A), "the guard, when this was written",
				 pages_text(pages, status, A) == NULL || strcmp(pages_text(pages, status, A), "on") != 0);
	put_count(pages, missing, "records of gaps and conflicts: something is missing", missing > 0);
	put_count(pages, pages_sum(pages, "team", B), "attempts that were aimed at one customer", false);
	put_count(pages, pages_sum(pages, "team", D), "attempts after a visit", false);
	put_count(pages, unused, "standing permissions that nobody has used for 90 days", unused > 0);
	put_count(pages, count_event(pages, "bulk"), "records of bulk reads", false);
	html_put(&pages->out, "</ul>\n");
	if (log >= 0 && pages_text(pages, log, A) != NULL)
		html_put(&pages->out, "<p>There are records since %s. What was deleted before stands on <a href=\"guard.html\">the guard's page</a>.</p>\n",
				 pages_text(pages, log, A));
	pages_table(pages, "problem", NULL, "What contact_guard itself complains of", problem_headings, "a", "contact_guard knows of no problem.");
	html_put(&pages->out, "<h2>By week</h2>\n");
	pages_put_weeks(pages);
	pages_end(pages, "index");
}

static void
write_guard(Pages *pages)
{
	static const char *const headings[] = {"Event", "At", "At work until", "Count", "What", NULL};

	pages_begin(pages, "guard", "The guard");
	html_put(&pages->out, "<p>The last %d days of the period, or all of it.</p>\n", PAGES_GUARD_DAYS);
	pages_put_guard(pages);
	html_put(&pages->out, "<h2>Starts, gaps, purges and the like</h2>\n<p>Of a start, the count says how often the server ran without the guard before.</p>\n");
	pages_table(pages, "guard", NULL, "Events of the log itself, the newest first", headings, "abdFg", "There are none in this period.");
	pages_end(pages, "guard");
}

static void
write_team(Pages *pages)
{
	static const char *const team[] = {"Who", "Aimed attempts", "Customers", "After a visit", "First", "Last", NULL};
	static const char *const late[] = {"Who", "Customer", "At", "Columns", "Visit", "It ended", "So long before", NULL};
	static const char *const window[] = {"Who", "Customer", "Opened", "Visit", "From", "To", "First read", NULL};

	pages_begin(pages, "team", "Attempts");
	html_put(&pages->out, "<p>Counted are attempts that named exactly one customer, and got a mask. Everybody's lists withhold from many"
			 " customers at once, so lists do not count here, and neither does what somebody was shown.</p>\n");
	pages_table(pages, "team", NULL, "Attempts by person", team, "@aBCDef", "Nobody has tried to see a single customer without a visit.");
	html_put(&pages->out, "<p>A person has a page of his own if he is among the first %d of this list, or was named by --actor.</p>\n", PAGES_WHO);
	html_put(&pages->out, "<h2>After a visit</h2>\n");
	pages_table(pages, "late", NULL, "Attempts after the end of the reader's own visit, the newest first", late, "@a#bcdefg", late_none);
	html_put(&pages->out, "<h2>Windows of their own making</h2>\n<p>A technician who plans his own visits opens his own door; that may be his work."
			 " Windows are on record where use_interventions() watches them.</p>\n");
	pages_table(pages, "window", NULL, "Windows that their own technician has opened, the newest first", window, "@a#bcdefg",
				"There is none on record in this period.");
	pages_end(pages, "team");
}

static void
write_customers(Pages *pages)
{
	static const char *const headings[] = {"Customer", "Attempts aimed at him", "After a visit", NULL};

	pages_begin(pages, "customers", "Customers");
	html_put(&pages->out, "<p>Customers at whom attempts were aimed, the %d with most attempts, and those who were named by --customer."
			 " All others have no page. Times at which values were shown are on the page of the customer.</p>\n", PAGES_WHO);
	pages_table(pages, "customer", NULL, "Customers with a page", headings, "#aBC", "There are none.");
	pages_end(pages, "customers");
}

static void
write_permissions(Pages *pages)
{
	static const char *const permission[] = {"Role", "Relation", "Purpose", "Level", "Given", "By", "Records", "Last used", "Note", NULL};
	static const char *const guarded[] = {"Relation", "Column", "Mask", "Mode", "Fallback", "Since", "By", "Problem", NULL};
	static const char *const policy[] = {"Who", "At", "Login", "What", NULL};

	pages_begin(pages, "permissions", "Permissions and policy");
	html_put(&pages->out, "<h2>Standing permissions</h2>\n<p>They show values without a visit. Unused: nobody has used it in the last 90 days of the period."
			 " No relation: all of them.</p>\n");
	pages_table(pages, "permission", NULL, "Permissions, the longest unused first", permission, "abcdefGhi", "There is no standing permission.");
	html_put(&pages->out, "<h2>Guarded columns</h2>\n");
	pages_table(pages, "guarded", NULL, "What is guarded now", guarded, "abcdefgh", "Nothing is guarded.");
	html_put(&pages->out, "<h2>Changes</h2>\n");
	pages_table(pages, "policy", NULL, "Changes of the policy, the newest first", policy, "@abde", "The policy did not change in this period.");
	pages_end(pages, "permissions");
}

static void
write_searches(Pages *pages)
{
	static const char *const lookup[] = {"Who", "Relation", "Columns", "Purpose", "Searches", "Last", NULL};
	static const char *const list[] = {"Who", "Relation", "Columns", "Searches", "Customers", "Last", NULL};
	static const char *const bulk[] = {"Who", "Relation", "Columns", "Purpose", "Rows", "At", "Statement", NULL};
	static const char *const refused[] = {"Who", "Relation", "What", "Times", "First", "Last", NULL};
	static const char *const auditor[] = {"Who", "Relation", "Reads", "Rows", "Last", NULL};

	pages_begin(pages, "searches", "Searches and bulk reads");
	html_put(&pages->out, "<h2>Bulk reads</h2>\n<p>They name no customer, since they may have read all.</p>\n");
	pages_table(pages, "bulk", NULL, "Bulk reads, the newest first", bulk, "@abcdEfg", "There are none in this period.");
	html_put(&pages->out, "<h2>Searches by a guarded value</h2>\n");
	pages_table(pages, "lookup", NULL, "Searches with a permission", lookup, "@abcdEf", "There are none in this period.");
	pages_table(pages, "list", NULL, "Lists and searches that got masks", list, "@abcDEf", "Nobody got a list of masks.");
	html_put(&pages->out, "<h2>Refused</h2>\n");
	pages_table(pages, "refused", NULL, "What contact_guard has refused", refused, "@abcDef", "Nothing was refused in this period.");
	html_put(&pages->out, "<h2>Who read the log</h2>\n");
	pages_table(pages, "auditor", NULL, "Reads of the log itself", auditor, "@abCDe", "Nobody has read the log in this period.");
	pages_end(pages, "searches");
}

static void
write_evidence(Pages *pages)
{
	static const char *const signature[] = {"Signed by", NULL};
	static const char *const days[] = {"Day", "Checkpoints", "Size of the log", "Most witnesses of one", NULL};
	int			status = pages_first(pages, "status");
	int			signature_row = pages_first(pages, "signature");

	pages_begin(pages, "evidence", "Evidence");
	html_put(&pages->out, "<p>A checkpoint is the signed root of the tree over all records. One that somebody else keeps shows any later change.</p>\n<dl>");
	if (status >= 0)
		html_put(&pages->out, "<dt>Records in the log</dt><dd>%s</dd><dt>Rejected messages</dt><dd>%s</dd>",
				 pages_text(pages, status, C), pages_text(pages, status, E));
	if (signature_row >= 0)
		html_put(&pages->out, "<dt>Newest checkpoint</dt><dd>%s</dd><dt>Of so many records</dt><dd>%s</dd><dt>Log</dt><dd>%s</dd>"
				 "<dt>Root</dt><dd><code>%s</code></dd>", pages_text(pages, signature_row, C), pages_text(pages, signature_row, B),
				 pages_text(pages, signature_row, A), pages_text(pages, signature_row, E));
	html_put(&pages->out, "</dl>\n");
	pages_table(pages, "signature", NULL, "Signatures under the newest checkpoint: the log's own, and those of witnesses", signature, "d",
				"Nothing was ever signed: this log has no evidence. See contact_guard.signing_key_file.");
	html_put(&pages->out, "<h2>Verified?</h2>\n");
	if (pages->verified != NULL)
	{
		html_put(&pages->out, "<p>What contact-guard verify has printed, as it was given by --verified:</p>\n<pre>");
		for (const char *line = pages->verified; *line != '\0';)
		{
			size_t		length = strcspn(line, "\n");

			html_put_text(&pages->out, line, length);
			line += length;
			if (*line == '\n')
				cg_bytes_put_uint8(&pages->out, (uint8_t) *line++);
		}
		html_put(&pages->out, "</pre>\n");
	}
	else
		html_put(&pages->out, "<p>These pages do not say. Run <code>contact-guard verify</code> with a checkpoint that somebody else keeps,"
				 " and give its report by <code>--verified</code>.</p>\n");
	html_put(&pages->out, "<h2>By day</h2>\n");
	pages_table(pages, "checkpoint", NULL, "Checkpoints by day", days, "bCDE", "No checkpoint was signed in this period.");
	pages_end(pages, "evidence");
}

/* Whose page it is, as title and text. */
static void
put_who(Pages *pages, const char *whom)
{
	html_put(&pages->out, "<p class=\"note\"><strong>%s</strong></p>\n", whom);
}

static void
write_customer(Pages *pages, int row, int place)
{
	static const char *const headings[] = {"At", "Event", "Who", "Columns", "Visit", "Why", NULL};
	char		name[32];

	snprintf(name, sizeof(name), "customer-%d", place);
	pages_begin(pages, name, "A customer");
	put_who(pages, pages_text(pages, row, A));
	html_put(&pages->out, "<p>Bulk reads may have included this customer; they are on <a href=\"searches.html\">another page</a>.</p>\n");
	pages_put_visits(pages, pages_text(pages, row, A));
	pages_table(pages, "read", pages_text(pages, row, A), "Records of this customer, the newest first", headings, "cd@efgh",
				"There is no record of this customer in this period.");
	pages_end(pages, name);
}

static void
write_actor(Pages *pages, int row, int place)
{
	static const char *const attempt[] = {"At", "Customer", "Columns", "Rows", "Statement", NULL};
	static const char *const late[] = {"At", "Customer", "Columns", "Visit", "It ended", "So long before", NULL};
	static const char *const refused[] = {"What", "Relation", "Times", "First", "Last", NULL};
	static const char *const window[] = {"Opened", "Customer", "Visit", "From", "To", "First read", NULL};
	const char *actor = pages_text(pages, row, A);
	char		name[32];

	snprintf(name, sizeof(name), "actor-%d", place);
	pages_begin(pages, name, "A person");
	put_who(pages, actor);
	html_put(&pages->out, "<ul class=\"facts\">\n");
	put_count(pages, pages_number(pages, row, B), "attempts that were aimed at one customer", false);
	put_count(pages, pages_number(pages, row, C), "customers at whom they were aimed", false);
	put_count(pages, pages_number(pages, row, D), "attempts after the end of a visit", false);
	html_put(&pages->out, "</ul>\n<p>Not on this page is what was shown to this person: contact_guard.reads_by() tells it.</p>\n");
	pages_table(pages, "attempt", actor, "What was withheld, the newest first", attempt, "c#bdEf", "Nothing was withheld.");
	pages_table(pages, "late", actor, "Attempts after the end of the person's own visit", late, "c#bdefg", late_none);
	pages_table(pages, "window", actor, "Windows that the person has opened for himself", window, "c#bdefg", "There is none on record.");
	pages_table(pages, "refused", actor, "What was refused", refused, "cbDef", "Nothing was refused.");
	pages_end(pages, name);
}
