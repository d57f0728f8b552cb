/*
 * pagescharts.c
 *		Charts of the auditor's pages, as SVG in the page.
 *
 * Each chart has a table of the same numbers: a chart alone says nothing to a screen reader.
 */
#include "pages.h"

#include <string.h>

#define WIDTH 1040
#define LEFT 150				/* for names */
#define RIGHT 70				/* for numbers */
#define SPAN (WIDTH - LEFT - RIGHT)

#define MOST_WEEKS (PAGES_LONGEST / 7 + 2)
#define MOST_EVENTS 24
#define STRIP 46				/* the height of an event's bars, with its margin */

typedef struct Strip
{
	const char *event;
	int64_t		weeks[MOST_WEEKS];
	int64_t		total;
	int64_t		most;
} Strip;

/* In this order; others come behind. */
static const char *const first_events[] = {"shown", "withheld", "lookup", "bulk", "refused"};

typedef enum State
{
	STATE_UNKNOWN, STATE_ON, STATE_OFF
} State;

static const char *const states[] = {"unknown", "on", "off"};

/* A line of the chart of days: the days on which one of these events is on record. */
static const struct
{
	const char *name;
	const char *events;			/* between spaces; NULL: from checkpoints */
	int			column;			/* of section "checkpoint" */
}			lanes[] = {
	{"Records missing", " gap conflict ", 0}, {"Starts, failovers", " start failover ", 0},
	{"Policy changes", " policy ", 0}, {"Purges, erasures", " purge erasure ", 0},
	{"Checkpoints", NULL, C}, {"Witnessed", NULL, E}
};

#define LANE 26

static int	strip_of(Strip *strips, int *count, const char *event);
static int	fill_strips(const Pages *pages, Strip *strips);
static void put_strips(Pages *pages, const Strip *strips, int nstrips, int nweeks);
static void put_strip_table(Pages *pages, const Strip *strips, int nstrips, int nweeks);
static const char *date_of(const Pages *pages, int64_t day);
static bool lane_has(const Pages *pages, size_t lane, int64_t day);
static State state_of(const Pages *pages, int64_t day);
static void put_day(Pages *pages, State state, int x, int width, const char *date);
static void put_ranges(Pages *pages, const State *found, int64_t begin, int ndays);

/* Where the event's numbers are; -1: there is no room. */
static int
strip_of(Strip *strips, int *count, const char *event)
{
	for (int i = 0; i < *count; i++)
		if (strcmp(strips[i].event, event) == 0)
			return i;
	if (*count == MOST_EVENTS)
		return -1;
	strips[*count].event = event;
	return (*count)++;
}

static int
fill_strips(const Pages *pages, Strip *strips)
{
	int			count = 0;

	for (size_t i = 0; i < sizeof(first_events) / sizeof(first_events[0]); i++)
		strip_of(strips, &count, first_events[i]);
	for (int row = 0; row < pages->rows; row++)
	{
		int64_t		week;
		int			i;

		if (!pages_is(pages, row, "day") || pages_text(pages, row, C) == NULL)
			continue;
		week = (pages_number(pages, row, A) - pages->since) / (7 * PAGES_DAY);
		i = strip_of(strips, &count, pages_text(pages, row, C));
		if (i < 0 || week < 0 || week >= MOST_WEEKS)
			continue;
		strips[i].weeks[week] += pages_number(pages, row, D);
		strips[i].total += pages_number(pages, row, D);
		if (strips[i].weeks[week] > strips[i].most)
			strips[i].most = strips[i].weeks[week];
	}
	return count;
}

void
pages_put_weeks(Pages *pages)
{
	static Strip strips[MOST_EVENTS];
	int			nweeks = (int) ((pages->until - pages->since + 7 * PAGES_DAY - 1) / (7 * PAGES_DAY));
	int			nstrips = fill_strips(pages, strips);

	if (nweeks < 1)
		nweeks = 1;
	if (nweeks > MOST_WEEKS)
		nweeks = MOST_WEEKS;
	put_strips(pages, strips, nstrips, nweeks);
	put_strip_table(pages, strips, nstrips, nweeks);
}

static void
put_strips(Pages *pages, const Strip *strips, int nstrips, int nweeks)
{
	int			height = nstrips * STRIP + 24;

	html_put(&pages->out, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Records of each event, by week; the table below has the numbers\">\n",
			 WIDTH, height);
	for (int i = 0; i < nstrips; i++)
	{
		int			base = (i + 1) * STRIP;

		html_put(&pages->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>"
				 "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT - 12, base - 4, strips[i].event, WIDTH, base - 4,
				 (long long) strips[i].total, LEFT, base, LEFT + SPAN, base);
		for (int week = 0; week < nweeks; week++)
		{
			int64_t		n = strips[i].weeks[week];
			int			bar = n == 0 ? 0 : 2 + (int) ((double) n / (double) strips[i].most * (STRIP - 14));
			int			x = LEFT + SPAN * week / nweeks;

			if (bar > 0)
				html_put(&pages->out, "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>%s, week of %s: %lld</title></rect>\n",
						 x + 1, base - bar, SPAN / nweeks > 3 ? SPAN / nweeks - 2 : 1, bar, strips[i].event,
						 date_of(pages, pages->since + week * 7 * PAGES_DAY), (long long) n);
		}
	}
	for (int week = 0; week < nweeks; week += 1 + nweeks / 9)
		html_put(&pages->out, "<text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n", LEFT + SPAN * week / nweeks, height - 6,
				 date_of(pages, pages->since + week * 7 * PAGES_DAY));
	html_put(&pages->out, "</svg><figcaption>Records of each event by week. Each event has a scale of its own;"
			 " the number on the right is the sum.</figcaption></figure>\n");
}

static void
put_strip_table(Pages *pages, const Strip *strips, int nstrips, int nweeks)
{
	const char *headings[MOST_EVENTS + 2] = {"Week of"};

	for (int i = 0; i < nstrips; i++)
		headings[i + 1] = strips[i].event;
	html_begin_table(&pages->out, "Records by week and event", headings);
	for (int week = 0; week < nweeks; week++)
	{
		html_put(&pages->out, "<tr><th scope=\"row\">%s</th>", date_of(pages, pages->since + week * 7 * PAGES_DAY));
		for (int i = 0; i < nstrips; i++)
			html_put(&pages->out, "<td class=\"number\">%lld</td>", (long long) strips[i].weeks[week]);
		html_put(&pages->out, "</tr>\n");
	}
	html_end_table(&pages->out);
}

/* The date of a day of the period; "" for another one. */
static const char *
date_of(const Pages *pages, int64_t day)
{
	int			first = pages_first(pages, "date");
	int64_t		n = (day - pages->since) / PAGES_DAY;

	if (first < 0 || n < 0 || n >= pages->rows - first || !pages_is(pages, first + (int) n, "date"))
		return "";
	return pages_text(pages, first + (int) n, B);
}

static bool
lane_has(const Pages *pages, size_t lane, int64_t day)
{
	bool		of_log = lanes[lane].events != NULL;

	for (int row = 0; row < pages->rows; row++)
	{
		if (!pages_is(pages, row, of_log ? "day" : "checkpoint") || pages_number(pages, row, A) != day)
			continue;
		if (!of_log && pages_number(pages, row, lanes[lane].column) > 0)
			return true;
		if (of_log && pages_text(pages, row, C) != NULL)
		{
			char		event[64];

			snprintf(event, sizeof(event), " %s ", pages_text(pages, row, C));
			if (strstr(lanes[lane].events, event) != NULL)
				return true;
		}
	}
	return false;
}

/*
 * A start of the server says whether the guard was off, and since when it had been at work.
 * On: there are records, which no other process makes.  Otherwise nobody knows.
 */
static State
state_of(const Pages *pages, int64_t day)
{
	State		state = STATE_UNKNOWN;

	for (int row = 0; row < pages->rows; row++)
	{
		if (pages_is(pages, row, "off") && pages_number(pages, row, A) < day + PAGES_DAY && pages_number(pages, row, B) >= day)
			return STATE_OFF;
		if (pages_is(pages, row, "day") && pages_number(pages, row, A) == day)
			state = STATE_ON;
	}
	return state;
}

static void
put_day(Pages *pages, State state, int x, int width, const char *date)
{
	html_put(&pages->out, "<rect class=\"%s\" x=\"%d\" y=\"2\" width=\"%d\" height=\"18\"><title>%s: %s</title></rect>\n",
			 states[state], x, width, date, states[state]);
	if (state == STATE_OFF)
		html_put(&pages->out, "<path class=\"cross\" d=\"M%d 5L%d 17M%d 17L%d 5\"/>\n", x + 1, x + width - 1, x + 1, x + width - 1);
}

void
pages_put_guard(Pages *pages)
{
	State		found[PAGES_GUARD_DAYS + 1];
	int64_t		last = (pages->until - pages->since) / PAGES_DAY;
	int			ndays = last < PAGES_GUARD_DAYS ? (int) last + 1 : PAGES_GUARD_DAYS + 1;
	int64_t		begin = pages->since + (last - ndays + 1) * PAGES_DAY;
	int			height = LANE * (1 + (int) (sizeof(lanes) / sizeof(lanes[0]))) + 20;
	int			width = SPAN / ndays > 3 ? SPAN / ndays - 1 : 2;

	if (width > 24)
		width = 24;
	html_put(&pages->out, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Each day of the guard; the tables below say the same\">\n"
			 "<text x=\"%d\" y=\"16\" text-anchor=\"end\">Guard</text>\n", WIDTH, height, LEFT - 12);
	for (int i = 0; i < ndays; i++)
	{
		int64_t		day = begin + i * PAGES_DAY;
		int			x = LEFT + (SPAN + RIGHT) * i / ndays;

		found[i] = state_of(pages, day);
		put_day(pages, found[i], x, width, date_of(pages, day));
		for (size_t lane = 0; lane < sizeof(lanes) / sizeof(lanes[0]); lane++)
			if (lane_has(pages, lane, day))
				html_put(&pages->out, "<rect class=\"mark\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"12\"><title>%s: %s</title></rect>\n",
						 x, LANE * (int) (lane + 1) + 5, width, date_of(pages, day), lanes[lane].name);
		if (i % (1 + ndays / 9) == 0 && x < WIDTH - 60)
			html_put(&pages->out, "<text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n", x, height - 4, date_of(pages, day));
	}
	for (size_t lane = 0; lane < sizeof(lanes) / sizeof(lanes[0]); lane++)
		html_put(&pages->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
				 LEFT - 12, LANE * (int) (lane + 1) + 16, lanes[lane].name, LEFT, LANE * (int) (lane + 2), WIDTH, LANE * (int) (lane + 2));
	html_put(&pages->out, "</svg><figcaption>Filled: the guard was on, and made records. With a cross: it was off for a part of the day."
			 " Empty: nothing is on record for that day, so nobody knows.</figcaption></figure>\n");
	put_ranges(pages, found, begin, ndays);
}

/* The same in words. */
static void
put_ranges(Pages *pages, const State *found, int64_t begin, int ndays)
{
	static const char *const headings[] = {"From", "To", "The guard was", "Days", NULL};
	int			from = 0;

	html_begin_table(&pages->out, "Was the guard on?", headings);
	for (int i = 1; i <= ndays; i++)
	{
		if (i < ndays && found[i] == found[from])
			continue;
		html_put(&pages->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td class=\"number\">%d</td></tr>\n",
				 date_of(pages, begin + from * PAGES_DAY), date_of(pages, begin + (i - 1) * PAGES_DAY),
				 found[from] == STATE_OFF ? "off for a part of each of these days" : states[found[from]], i - from);
		from = i;
	}
	html_end_table(&pages->out);
}
