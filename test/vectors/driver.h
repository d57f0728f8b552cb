/*
 * driver.h
 *		Vectors against the pure part: what the parts of the driver share.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdio.h>

#include "common/leaf.h"
#include "common/note.h"

#define MAX_WORDS 80

/* A line of a file of vectors, taken apart at blanks (merkle) or tabs (note). */
typedef struct Line
{
	int			number;
	int			nwords;
	char	   *words[MAX_WORDS];
} Line;

extern CgHasher hasher;
extern int	checks;
extern int	failures;

/* Counts a check, and says which line failed and why. */
extern void check(const Line *line, int good, const char *what);
extern size_t from_hex(const char *hex, unsigned char *out);

extern void run_merkle(const Line *line);
extern void run_note(const Line *line);
extern void run_leaf(const Line *line);
extern void run_jws(const Line *line);

/* Appends leaves for a second and prints how many that were. */
extern void measure(void);

#endif							/* DRIVER_H */
