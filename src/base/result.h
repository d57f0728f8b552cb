/*
 * result.h
 *		Rows that functions of ours return, by the names of their columns.
 *
 * The function's columns are what the extension's script says, which may be of another
 * version than the library: a column that the script has not got is left out, one that
 * the library does not know is NULL.
 */
#ifndef CG_RESULT_H
#define CG_RESULT_H

#include "postgres.h"

#include "access/tupdesc.h"

typedef struct CgResultColumn
{
	const char *name;
	Oid			type;
	Datum		value;
	bool		isnull;
} CgResultColumn;

/*
 * Puts them where a row of this description has them; values and nulls have room for
 * desc->natts.  ERROR if a column is of another type.
 */
extern void cg_result_fill(TupleDesc desc, const CgResultColumn *columns, int count,
						   Datum *values, bool *nulls);

/* The same as a composite Datum. */
extern Datum cg_result_row(TupleDesc desc, const CgResultColumn *columns, int count);

#endif							/* CG_RESULT_H */
