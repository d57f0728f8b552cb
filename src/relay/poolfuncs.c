/*
 * poolfuncs.c
 *		use_relay_numbers() and relay_telephone(): the numbers of a site and of its technicians.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "relay/number.h"

PG_FUNCTION_INFO_V1(cg_use_relay_numbers);
PG_FUNCTION_INFO_V1(cg_relay_telephone);

static char *require_international(Datum number_text);

/* The error does not repeat the number, which may be that of a person. */
static char *
require_international(Datum number_text)
{
	char	   *number = cg_number_international(TextDatumGetCString(number_text));

	if (number == NULL || *number != '+')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a telephone number in international form"),
				 errhint("It is like +33 1 62 00 00 09, or a national number if contact_guard.relay_country_code is set.")));
	return number;
}

/* What is in use stays in use until its visit is over. */
Datum
cg_use_relay_numbers(PG_FUNCTION_ARGS)
{
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1];
	Datum	   *numbers;
	int			count;

	cg_roles_require_admin("choose relay numbers");
	if (PG_ARGISNULL(0) || array_contains_nulls(PG_GETARG_ARRAYTYPE_P(0)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("numbers must not be null")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &numbers, NULL, &count);
	for (int i = 0; i < count; i++)
		numbers[i] = CStringGetTextDatum(require_international(numbers[i]));
	values[0] = PointerGetDatum(construct_array(numbers, count, TEXTOID, -1, false, TYPALIGN_INT));
	(void) cg_owncommand_execute("DELETE FROM contact_guard.relay_number WHERE number <> ALL ($1)", 1, types, values, NULL);
	(void) cg_owncommand_execute("INSERT INTO contact_guard.relay_number SELECT unnest($1) ON CONFLICT DO NOTHING", 1, types, values, NULL);
	cg_eventrecord_add("%d relay numbers", count);
	PG_RETURN_VOID();
}

Datum
cg_relay_telephone(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];
	char	   *technician = cg_eventrecord_text_argument(fcinfo, 0, "technician");

	cg_roles_require_admin("name the telephone of a technician");
	values[0] = CStringGetTextDatum(technician);
	if (PG_ARGISNULL(1))
	{
		(void) cg_owncommand_execute("DELETE FROM contact_guard.relay_telephone WHERE technician = $1", 1, types, values, NULL);
		cg_eventrecord_add("no relay telephone of %s", technician);
		PG_RETURN_VOID();
	}
	values[1] = CStringGetTextDatum(require_international(PG_GETARG_DATUM(1)));
	(void) cg_owncommand_execute("INSERT INTO contact_guard.relay_telephone (technician, number) VALUES ($1, $2) "
								"ON CONFLICT (technician) DO UPDATE SET number = excluded.number", 2, types, values, NULL);
	cg_eventrecord_add("a relay telephone of %s", technician);
	PG_RETURN_VOID();
}
