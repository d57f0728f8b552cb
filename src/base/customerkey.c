/*
 * customerkey.c
 *		Types of customer keys, and the text of a key.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "base/customerkey.h"

/* Types whose text form no setting of a session can change. */
bool
cg_customerkey_is_type(Oid type)
{
	switch (getBaseType(type))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case UUIDOID:
		case TEXTOID:
		case VARCHAROID:
			return true;
		default:
			return false;
	}
}

Oid
cg_customerkey_lookup_type(Oid relid, AttrNumber customer)
{
	switch (getBaseType(get_atttype(relid, customer)))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case UUIDOID:
			return UUIDOID;
		default:
			return TEXTOID;
	}
}

char *
cg_customerkey_text(Datum key, Oid type)
{
	char	   *buffer;

	switch (type)
	{
		case INT2OID:
			buffer = palloc(8);
			pg_itoa(DatumGetInt16(key), buffer);
			return buffer;
		case INT4OID:
			buffer = palloc(12);
			pg_ltoa(DatumGetInt32(key), buffer);
			return buffer;
		case INT8OID:
			buffer = palloc(MAXINT8LEN + 1);
			pg_lltoa(DatumGetInt64(key), buffer);
			return buffer;
		case UUIDOID:
			return DatumGetCString(DirectFunctionCall1(uuid_out, key));
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(key);
		default:
			return NULL;
	}
}

bool
cg_customerkey_datum(Oid lookup_type, const char *customer, Datum *value)
{
	char	   *end;

	switch (lookup_type)
	{
		case INT8OID:
			errno = 0;
			*value = Int64GetDatum(strtoi64(customer, &end, 10));
			return errno == 0 && end != customer && *end == '\0';
		case UUIDOID:
			/* Only a text as uuid_out prints it can be the text of a key. */
			if (strlen(customer) != 36 ||
				strspn(customer, "0123456789abcdef-") != 36)
				return false;
			*value = DirectFunctionCall1(uuid_in, CStringGetDatum(customer));
			return true;
		default:
			*value = CStringGetTextDatum(customer);
			return true;
	}
}
