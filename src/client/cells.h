/*
 * cells.h
 *		The columns of answers, as text: one line for a row, with tabs between its columns.
 *
 * NULL is \N.  Characters that are not plain, and backslashes, are bytes (text.c), so that a
 * value is never a tab, a line or NULL.  Times are in UTC.
 */
#ifndef CG_CELLS_H
#define CG_CELLS_H

#include "client.h"

typedef enum Shape
{
	SHAPE_NUMBER,				/* bigint */
	SHAPE_TIME,					/* timestamptz */
	SHAPE_SPAN,					/* interval */
	SHAPE_TEXT,
	SHAPE_NAMES					/* text[] */
} Shape;

/* Times are microseconds since 1970, spans microseconds. */
extern void cell_put_number(FILE *out, const int64_t *number);
extern void cell_put_time(FILE *out, const int64_t *time);
extern void cell_put_span(FILE *out, int64_t span);
extern void cell_put_text(FILE *out, CgLeafText text);
extern void cell_put_names(FILE *out, const CgLeafText *names, int count);

/* Writes a value that PostgreSQL has sent in binary.  False if it is not of this shape. */
extern bool cell_put_value(FILE *out, Shape shape, CgLeafText value);

/*
 * Parses a time: a date, or a date and a time, with Z or an offset behind it; without it is UTC.
 * Ends the program if it is none.
 */
extern int64_t cell_parse_time(const char *option, const char *text);

#endif							/* CG_CELLS_H */
