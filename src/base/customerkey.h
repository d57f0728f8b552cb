/*
 * customerkey.h
 *		Types of customer keys, and the text of a key.
 */
#ifndef CG_CUSTOMERKEY_H
#define CG_CUSTOMERKEY_H

#include "postgres.h"

#include "access/attnum.h"

/* Kinds of keys: they stand in messages of the journal. */
#define CG_KEY_INTEGER 'I'
#define CG_KEY_UUID 'U'
#define CG_KEY_TEXT 'T'
#define CG_KEY_UUID_LENGTH 16

/* A key in a form that is cheap to take and to compare. */
typedef struct CgCustomerKey
{
	char		kind;
	uint64		high;			/* of a UUID */
	int64		low;			/* of a UUID, or the integer */
	char	   *text;			/* palloc'd; NULL unless the kind is CG_KEY_TEXT */
} CgCustomerKey;

/* Can a column of this type be a customer key?  Domains count as their base. */
extern bool cg_customerkey_is_type(Oid type);

/* The same for a base type, without a look-up. */
extern bool cg_customerkey_is_plain(Oid type);

/* The type in which customers of this column are looked up: int8, uuid or text. */
extern Oid	cg_customerkey_lookup_type(Oid relid, AttrNumber customer);

/*
 * The text of a customer key of this base type, palloc'd.  It does not depend on the
 * session's settings.  NULL for a type that cannot be a key.
 */
extern char *cg_customerkey_text(Datum key, Oid type);

/* Fills *into from a key of this base type; false for a type that cannot be a key. */
extern bool cg_customerkey_take(Datum key, Oid type, CgCustomerKey *into);

/* The text of it, as above. */
extern char *cg_customerkey_print(const CgCustomerKey *key);

/*
 * The text as a value of a look-up type, palloc'd.  False if no key of that type has
 * this text.
 */
extern bool cg_customerkey_datum(Oid lookup_type, const char *customer, Datum *value);

#endif							/* CG_CUSTOMERKEY_H */
