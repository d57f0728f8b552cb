/*
 * fiction.h
 *		Telephone numbers and addresses that look real and reach nobody, for masks.
 *
 * What is made is of the value's form, country and town alone, never of its other digits and
 * letters: so it tells nobody which values are the same.
 */
#ifndef CG_FICTION_H
#define CG_FICTION_H

#include "postgres.h"

#define CG_FICTION_DOMAIN "mask.invalid"	/* RFC 6761: never a domain */
#define CG_FICTION_EMAIL "withheld@" CG_FICTION_DOMAIN

/* A number for cg_fiction_phone(), from a country's two letters; -1 if there is no range. */
extern int	cg_fiction_country(const char *letters);

/*
 * A number of the country's range for fiction, with the separators of the value where these
 * suit; palloc'd.  country: of values without a country code; -1: not known.  landline: of
 * the range of fixed lines, where the country has one.  NULL if the country is not known.
 * value NULL: the number of this country, without separators.
 */
extern char *cg_fiction_phone(const char *value, int country, bool landline);

/*
 * Are the ASCII digits of the text, or of a part of it, those of a number that
 * cg_fiction_phone() makes, of any country and kind?  What is dialled before it may stand
 * there.  Without a country's code the number counts if its country is the given one (-1: none)
 * or one that a mask of this database names.  Needs a transaction.
 */
extern bool cg_fiction_is_phone(const char *value, int bytes, int country);

/* "***, " and the town; palloc'd.  NULL if it is not certain what the town is. */
extern char *cg_fiction_address(const char *value);

/* Does the text begin as those that cg_fiction_address() writes, with any blanks? */
extern bool cg_fiction_is_address(const char *value);

#endif							/* CG_FICTION_H */
