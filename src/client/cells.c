/*
 * cells.c
 *		The columns of answers, as text.
 *
 * The same functions write what was computed from rows and what the server's functions
 * answer, so that both can be compared line by line.
 */
#include "cells.h"

#include <stdlib.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static bool parse_digits(const char **at, int least, int most, int *value);
static bool parse_clock(const char **at, int64_t *time);
static bool parse_zone(const char **at, int64_t *time);

static void
put_null(FILE *out)
{
	fputs("\\N", out);
}

void
cell_put_number(FILE *out, const int64_t *number)
{
	if (number == NULL)
		put_null(out);
	else
		fprintf(out, "%lld", (long long) *number);
}

void
cell_put_time(FILE *out, const int64_t *time)
{
	int64_t		fraction;
	time_t		seconds;
	struct tm	tm;
	char		text[64];

	if (time == NULL)
	{
		put_null(out);
		return;
	}
	if (*time == INT64_MAX || *time == INT64_MIN)
	{
		fputs(*time == INT64_MAX ? "infinity" : "-infinity", out);
		return;
	}
	fraction = *time % SECOND;
	seconds = (time_t) (*time / SECOND);
	if (fraction < 0)
	{
		fraction += SECOND;
		seconds--;
	}
	if (gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		fprintf(out, "%lld us", (long long) *time);
	else
		fprintf(out, "%s.%06d+00", text, (int) fraction);
}

void
cell_put_span(FILE *out, int64_t span)
{
	uint64_t	size = span < 0 ? -(uint64_t) span : (uint64_t) span;
	uint64_t	days = size / DAY;
	uint64_t	seconds = size % DAY / SECOND;

	if (days > 0)
		fprintf(out, "%s%llu day%s ", span < 0 ? "-" : "", (unsigned long long) days, days == 1 ? "" : "s");
	fprintf(out, "%s%02d:%02d:%02d.%06d", span < 0 ? "-" : "", (int) (seconds / 3600), (int) (seconds / 60 % 60),
			(int) (seconds % 60), (int) (size % SECOND));
}

void
cell_put_text(FILE *out, CgLeafText text)
{
	if (text.data == NULL)
		put_null(out);
	else
		text_print(out, text.data, text.length, "");
}

/* A name in which a comma, a brace, a quote or a blank stands has quotes. */
void
cell_put_names(FILE *out, const CgLeafText *names, int count)
{
	if (names == NULL)
	{
		put_null(out);
		return;
	}
	fputc('{', out);
	for (int i = 0; i < count; i++)
	{
		bool		quoted = names[i].data != NULL && names[i].length == 0;

		for (size_t at = 0; names[i].data != NULL && at < names[i].length; at++)
			quoted = quoted || strchr(",{}\" ", names[i].data[at]) != NULL;
		fprintf(out, "%s%s", i > 0 ? "," : "", quoted ? "\"" : "");
		for (size_t at = 0; quoted && at < names[i].length;)
		{
			size_t		plain = at;

			while (plain < names[i].length && names[i].data[plain] != '"')
				plain++;
			text_print(out, names[i].data + at, plain - at, "");
			if (plain < names[i].length)
				fputs("\\x22", out);
			at = plain + 1;
		}
		if (!quoted)
			cell_put_text(out, names[i]);
		else
			fputc('"', out);
	}
	fputc('}', out);
}

bool
cell_put_value(FILE *out, Shape shape, CgLeafText value)
{
	static CgLeafText *names;
	static int	room;
	Cursor		cursor = cursor_of(value.data, value.length);
	int64_t		number;

	if (value.data == NULL)
	{
		put_null(out);
		return true;
	}
	if (shape == SHAPE_TEXT)
	{
		cell_put_text(out, value);
		return true;
	}
	if (shape == SHAPE_NAMES)
	{
		static const CgLeafText none;
		int			count = take_array(&cursor, &names, &room);

		cell_put_names(out, count > 0 ? names : &none, count);
		return !cursor.bad && cursor.at == cursor.end;
	}
	number = take_int64(&cursor);
	if (shape == SHAPE_NUMBER)
		cell_put_number(out, &number);
	else if (shape == SHAPE_TIME)
	{
		number = time_since_1970(number);
		cell_put_time(out, &number);
	}
	else
	{
		int32_t		days = take_int32(&cursor);

		/* A difference of two times has no months. */
		if (take_int32(&cursor) != 0)
			return false;
		cell_put_span(out, (int64_t) ((uint64_t) number + (uint64_t) days * DAY));
	}
	return !cursor.bad && cursor.at == cursor.end;
}

int64_t
cell_parse_time(const char *option, const char *text)
{
	const char *at = text;
	struct tm	tm = {0};
	int			year;
	int			month;
	int			day;
	int64_t		time = 0;
	bool		good;

	good = parse_digits(&at, 4, 4, &year) && *at++ == '-' && parse_digits(&at, 2, 2, &month) && *at++ == '-' &&
		parse_digits(&at, 2, 2, &day) && year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
	if (good && (*at == ' ' || *at == 'T'))
	{
		at++;
		good = parse_clock(&at, &time);
	}
	good = good && parse_zone(&at, &time) && *at == '\0';
	if (good)
	{
		tm.tm_year = year - 1900;
		tm.tm_mon = month - 1;
		tm.tm_mday = day;
		time += (int64_t) timegm(&tm) * SECOND;
		good = tm.tm_mday == day;
	}
	if (!good)
		fail(EXIT_UNCHECKED, "option %s: not a time such as 2026-11-26, \"2026-11-26 09:30\" or 2026-11-26T09:30:00+01:00: \"%s\"",
			 option, text);
	return time;
}

/* Reads a number of so many digits. */
static bool
parse_digits(const char **at, int least, int most, int *value)
{
	int			count = 0;

	*value = 0;
	while (count < most && **at >= '0' && **at <= '9')
	{
		*value = *value * 10 + (*(*at)++ - '0');
		count++;
	}
	return count >= least;
}

/* HH:MM, HH:MM:SS or HH:MM:SS.FRACTION */
static bool
parse_clock(const char **at, int64_t *time)
{
	int			hour;
	int			minute;
	int			second = 0;
	int			fraction = 0;
	int			digits = 0;

	if (!parse_digits(at, 2, 2, &hour) || *(*at)++ != ':' || !parse_digits(at, 2, 2, &minute))
		return false;
	if (**at == ':')
	{
		(*at)++;
		if (!parse_digits(at, 2, 2, &second))
			return false;
		if (**at == '.')
		{
			const char *start = ++(*at);

			if (!parse_digits(at, 1, 6, &fraction))
				return false;
			digits = (int) (*at - start);
			for (; digits < 6; digits++)
				fraction *= 10;
		}
	}
	*time = ((hour * 60 + minute) * INT64_C(60) + second) * SECOND + fraction;
	return hour <= 23 && minute <= 59 && second <= 59;
}

/* Nothing, Z, +HH, +HHMM or +HH:MM */
static bool
parse_zone(const char **at, int64_t *time)
{
	int			sign = **at == '-' ? -1 : 1;
	int			hour;
	int			minute = 0;

	if (**at == 'Z')
		(*at)++;
	else if (**at == '+' || **at == '-')
	{
		(*at)++;
		if (!parse_digits(at, 2, 2, &hour))
			return false;
		if (**at == ':')
		{
			(*at)++;
			if (!parse_digits(at, 2, 2, &minute))
				return false;
		}
		else if (**at != '\0' && !parse_digits(at, 2, 2, &minute))
			return false;
		if (hour > 15 || minute > 59)
			return false;
		*time -= sign * (hour * 60 + minute) * 60 * SECOND;
	}
	return true;
}
