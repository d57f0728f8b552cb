/*
 * pagesvisits.c
 *		The chart of a customer's page: visits as bars, and reads as dots.
 *
 * A visit takes an hour of 90 days.  So there is a line for each day on which somebody has
 * read something, and for each reader, and the line is that day.
 */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 1040
#define LEFT 230				/* for the day and the reader */
#define SPAN (WIDTH - LEFT - 16)
#define LINE 26
#define MOST_LINES 40
#define NAME 22					/* characters of a name */

typedef struct Line
{
	int64_t		day;
	const char *date;			/* 10 bytes of it */
	const char *actor;			/* NULL: erased */
} Line;

static bool is_of(const Pages *pages, int row, const char *customer);
static bool is_of_line(const Pages *pages, int row, const Line *line);
static int	collect_lines(const Pages *pages, const char *customer, Line *lines, bool *more);
static int	place_on_day(int64_t at, int64_t day);
static void put_name(Pages *pages, const char *name);
static void put_bars(Pages *pages, const char *customer, const Line *line, int y);
static void put_dots(Pages *pages, const char *customer, const Line *line, int y);
static void put_hours(Pages *pages, int height);

static bool
is_of(const Pages *pages, int row, const char *customer)
{
	return pages_is(pages, row, "read") && pages_text(pages, row, A) != NULL && strcmp(pages_text(pages, row, A), customer) == 0;
}

static bool
is_of_line(const Pages *pages, int row, const Line *line)
{
	const char *actor = pages_text(pages, row, E);

	return pages_number(pages, row, I) == line->day &&
		(actor == NULL || line->actor == NULL ? actor == line->actor : strcmp(actor, line->actor) == 0);
}

static int
collect_lines(const Pages *pages, const char *customer, Line *lines, bool *more)
{
	int			count = 0;

	*more = false;
	for (int row = 0; row < pages->rows; row++)
	{
		int			i = 0;

		if (!is_of(pages, row, customer))
			continue;
		while (i < count && !is_of_line(pages, row, &lines[i]))
			i++;
		if (i < count)
			continue;
		if (count == MOST_LINES)
		{
			*more = true;
			break;
		}
		lines[count].day = pages_number(pages, row, I);
		lines[count].date = pages_text(pages, row, C) != NULL ? pages_text(pages, row, C) : "";
		lines[count++].actor = pages_text(pages, row, E);
	}
	return count;
}

static int
place_on_day(int64_t at, int64_t day)
{
	int64_t		second = at - day;

	if (second < 0)
		second = 0;
	if (second > PAGES_DAY)
		second = PAGES_DAY;
	return LEFT + (int) (SPAN * second / PAGES_DAY);
}

/* As much of it as there is room for; the line's title has all of it. */
static void
put_name(Pages *pages, const char *name)
{
	size_t		length = 0;
	int			characters = 0;

	while (name[length] != '\0' && characters++ < NAME)
		do
			length++;
		while (((unsigned char) name[length] & 0xC0) == 0x80);
	html_put_text(&pages->out, name, length);
	if (name[length] != '\0')
		cg_bytes_put_text(&pages->out, "\xE2\x80\xA6");
}

static void
put_bars(Pages *pages, const char *customer, const Line *line, int y)
{
	const char *last = "";

	for (int row = 0; row < pages->rows; row++)
	{
		const char *visit;
		char	   *at;
		int64_t		opens;
		int64_t		closes;
		int			x;
		int			end;

		if (!is_of(pages, row, customer) || !is_of_line(pages, row, line) || pages_text(pages, row, I) == NULL)
			continue;
		visit = pages_text(pages, row, I);
		strtoll(visit, &at, 10);
		if (*at == '\0' || strcmp(visit, last) == 0)
			continue;
		last = visit;
		opens = strtoll(at, &at, 10);
		closes = strtoll(at, NULL, 10);
		x = place_on_day(opens, line->day);
		end = place_on_day(closes, line->day);
		html_put(&pages->out, "<rect class=\"visit\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"14\"><title>visit %s</title></rect>\n",
				 x, y - 7, end > x + 2 ? end - x : 2, pages_text(pages, row, G));
	}
}

static void
put_dots(Pages *pages, const char *customer, const Line *line, int y)
{
	for (int row = 0; row < pages->rows; row++)
	{
		const char *event = pages_text(pages, row, D);
		int			x;

		if (!is_of(pages, row, customer) || !is_of_line(pages, row, line) || event == NULL)
			continue;
		x = place_on_day(pages_number(pages, row, B), line->day);
		html_put(&pages->out, "<g><title>%s %s: %s</title>", pages_text(pages, row, C), event, pages_text(pages, row, F));
		if (strcmp(event, "shown") == 0)
			html_put(&pages->out, "<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", x, y);
		else if (strcmp(event, "withheld") == 0)
			html_put(&pages->out, "<path class=\"mask\" d=\"M%d %dl5 5l-5 5l-5 -5z\"/>", x, y - 5);
		else
			html_put(&pages->out, "<path class=\"other\" d=\"M%d %dv12\"/>", x, y - 6);
		html_put(&pages->out, "</g>\n");
	}
}

static void
put_hours(Pages *pages, int height)
{
	for (int hour = 0; hour <= 24; hour += 3)
	{
		int			x = LEFT + SPAN * hour / 24;

		html_put(&pages->out, "<line class=\"grid\" x1=\"%d\" y1=\"0\" x2=\"%d\" y2=\"%d\"/>"
				 "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d h</text>\n", x, x, height - 18, x, height - 4, hour);
	}
}

void
pages_put_visits(Pages *pages, const char *customer)
{
	Line		lines[MOST_LINES];
	bool		more;
	int			count = collect_lines(pages, customer, lines, &more);
	int			height = count * LINE + 24;

	if (count == 0)
		return;
	html_put(&pages->out, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Visits and reads by day and reader; the table below has them all\">\n",
			 WIDTH, height);
	put_hours(pages, height);
	for (int i = 0; i < count; i++)
	{
		int			y = i * LINE + LINE / 2;

		html_put(&pages->out, "<g><title>%s</title><text x=\"0\" y=\"%d\">", lines[i].actor, y + 4);
		html_put_text(&pages->out, lines[i].date, strnlen(lines[i].date, 10));
		html_put(&pages->out, "</text><text x=\"88\" y=\"%d\">", y + 4);
		put_name(pages, lines[i].actor != NULL ? lines[i].actor : "(erased, or nobody)");
		html_put(&pages->out, "</text></g>\n<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT, y, LEFT + SPAN, y);
		put_bars(pages, customer, &lines[i], y);
		put_dots(pages, customer, &lines[i], y);
	}
	html_put(&pages->out, "</svg><figcaption>A line for each day and reader. Bar: a visit. Dot: a value was shown."
			 " Diamond: it was withheld. Stroke: another event.%s</figcaption></figure>\n",
			 more ? " Older days are in the table only." : "");
}
