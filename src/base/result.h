/*
 * result.h
 *		Makes the rows that our functions return, by the names of their columns.
 *
 * The extension's script defines the columns of a function, and it may have another
 * version than the library.  A column that the script does not have is left out.  A column
 * that the library does not know is NULL.
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
 * Fills values and nulls, which have desc->natts entries, in the order of desc.  ERROR if a
 * column has another type.
 */
extern void cg_result_fill(TupleDesc desc, const CgResultColumn *columns, int count,
						   Datum *values, bool *nulls);

/* The same as a composite Datum. */
extern Datum cg_result_row(TupleDesc desc, const CgResultColumn *columns, int count);

#endif							/* CG_RESULT_H */
