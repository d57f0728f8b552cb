/*
 * show.h
 *		The row in a proof file: a leaf and openings (proof.c).
 */
#ifndef CG_SHOW_H
#define CG_SHOW_H

#include "client.h"

/*
 * The length of the leaf with which row begins, and its version; 0 if it is not a leaf, or
 * not the leaf of seq.
 */
extern size_t leaf_measure(const uint8_t *row, size_t length, uint64_t seq, int *version);

/* Checks the openings behind the leaf.  Returns NULL, or the problem. */
extern const char *openings_check(const uint8_t *row, size_t leaf_length, size_t length);

/* Prints all fields, one in each line.  Call it when both checks above were successful. */
extern void row_show(const uint8_t *row, size_t leaf_length, size_t length);

#endif							/* CG_SHOW_H */
