/*
 * customerkey.h
 *		Types of customer keys, and the text of a key.
 */
#ifndef CG_CUSTOMERKEY_H
#define CG_CUSTOMERKEY_H

#include "postgres.h"

#include "access/attnum.h"

/* Can a column of this type be a customer key?  Domains count as their base. */
extern bool cg_customerkey_is_type(Oid type);

/* The type in which customers of this column are looked up: int8, uuid or text. */
extern Oid	cg_customerkey_lookup_type(Oid relid, AttrNumber customer);

/*
 * The text of a customer key of this base type, palloc'd.  It does not depend on the
 * session's settings.  NULL for a type that cannot be a key.
 */
extern char *cg_customerkey_text(Datum key, Oid type);

/*
 * The text as a value of a look-up type, palloc'd.  False if no key of that type has
 * this text.
 */
extern bool cg_customerkey_datum(Oid lookup_type, const char *customer, Datum *value);

#endif							/* CG_CUSTOMERKEY_H */
