/*
 * show.h
 *		The row in a proof file: a leaf and openings (proof.c).
 */
#ifndef CG_SHOW_H
#define CG_SHOW_H

#include "client.h"

/*
 * Bytes of the leaf that row begins with, and its version; 0 if it is not one, or not
 * that of seq.
 */
extern size_t leaf_measure(const uint8_t *row, size_t length, uint64_t seq, int *version);

/* NULL, or what is wrong with what follows the leaf. */
extern const char *openings_check(const uint8_t *row, size_t leaf_length, size_t length);

/* Prints all fields, one a line.  Both of the above have found it good. */
extern void row_show(const uint8_t *row, size_t leaf_length, size_t length);

#endif							/* CG_SHOW_H */
