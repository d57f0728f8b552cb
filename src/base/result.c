/*
 * result.c
 *		Rows that functions of ours return: see result.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "base/result.h"

void
cg_result_fill(TupleDesc desc, const CgResultColumn *columns, int count, Datum *values, bool *nulls)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		values[i] = (Datum) 0;
		nulls[i] = true;
		for (int j = 0; j < count; j++)
		{
			if (att->attisdropped || strcmp(NameStr(att->attname), columns[j].name) != 0)
				continue;
			if (att->atttypid != columns[j].type)
				elog(ERROR, "column \"%s\" of the result has type %u, not %u", columns[j].name,
					 att->atttypid, columns[j].type);
			values[i] = columns[j].value;
			nulls[i] = columns[j].isnull;
		}
	}
}

Datum
cg_result_row(TupleDesc desc, const CgResultColumn *columns, int count)
{
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	cg_result_fill(desc, columns, count, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
