/*
 * json.h
 *		A strict reader of small JSON texts (RFC 8259): tokens and sets of keys.
 *
 * A text is checked as a whole first.  All other functions take a place in a checked text,
 * and need no end.  Nothing is allocated.
 */
#ifndef CG_JSON_H
#define CG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_JSON_DEPTH 8			/* of objects and arrays in each other */
#define CG_JSON_MEMBERS 64		/* of one object */

/*
 * Is the text one object, in UTF-8, without a member that stands twice in an object, without
 * the character U+0000, and within the limits above?  Then *object is where it begins.
 */
extern bool cg_json_check(const char *text, size_t length, const char **object);

/* The value of a member, or NULL.  place: any value; one that is no object has no members. */
extern const char *cg_json_member(const char *place, const char *name);

/* The first element of an array, and the one behind another one; NULL: none. */
extern bool cg_json_is_array(const char *place);
extern const char *cg_json_first(const char *array);
extern const char *cg_json_next(const char *element);

/*
 * Copies a string, with a zero byte behind it.  False if the value is no string (a NULL is
 * none), or is longer than room - 1 bytes.
 */
extern bool cg_json_text(const char *place, char *out, size_t room);

/* Copies a string, or a whole number as it is written. */
extern bool cg_json_text_or_number(const char *place, char *out, size_t room);

/*
 * A number of seconds since 1970, rounded down.  False if the value is no number, is negative,
 * has an exponent, or is not before the year 10000.
 */
extern bool cg_json_seconds(const char *place, int64_t *seconds);

#endif							/* CG_JSON_H */
