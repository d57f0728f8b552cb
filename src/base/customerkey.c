/*
 * customerkey.c
 *		Types of customer keys, and the text of a key.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "base/customerkey.h"

/* Types whose text form no setting of a session can change. */
bool
cg_customerkey_is_type(Oid type)
{
	return cg_customerkey_is_plain(getBaseType(type));
}

bool
cg_customerkey_is_plain(Oid type)
{
	switch (type)
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
cg_customerkey_take(Datum key, Oid type, CgCustomerKey *into)
{
	into->high = 0;
	into->low = 0;
	into->text = NULL;
	into->kind = CG_KEY_INTEGER;
	switch (type)
	{
		case INT2OID:
			into->low = DatumGetInt16(key);
			return true;
		case INT4OID:
			into->low = DatumGetInt32(key);
			return true;
		case INT8OID:
			into->low = DatumGetInt64(key);
			return true;
		case UUIDOID:
			into->kind = CG_KEY_UUID;
			memcpy(&into->high, DatumGetUUIDP(key)->data, 8);
			memcpy(&into->low, DatumGetUUIDP(key)->data + 8, 8);
			into->high = pg_ntoh64(into->high);
			into->low = pg_ntoh64(into->low);
			return true;
		case TEXTOID:
		case VARCHAROID:
			into->kind = CG_KEY_TEXT;
			into->text = TextDatumGetCString(key);
			return true;
		default:
			return false;
	}
}

char *
cg_customerkey_print(const CgCustomerKey *key)
{
	pg_uuid_t	uuid;
	uint64		half;

	switch (key->kind)
	{
		case CG_KEY_INTEGER:
			return cg_customerkey_text(Int64GetDatum(key->low), INT8OID);
		case CG_KEY_UUID:
			half = pg_hton64(key->high);
			memcpy(uuid.data, &half, 8);
			half = pg_hton64(key->low);
			memcpy(uuid.data + 8, &half, 8);
			return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&uuid)));
		default:
			return key->text;
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
