/*
 * catalog.h
 *		Look-ups in catalogs for which PostgreSQL has no function.
 */
#ifndef CG_CATALOG_H
#define CG_CATALOG_H

#include "access/htup.h"
#include "nodes/nodes.h"

/* The number of columns of a relation, dropped ones too; 0 if it does not exist. */
extern int	cg_catalog_natts(Oid relid);

/*
 * The row of an object as the present command has left it.  The system caches do not have
 * this version before the next CommandCounterIncrement().  palloc'd; NULL if there is no
 * row.  The catalog must be one whose rows have an OID, or pg_index.
 */
extern HeapTuple cg_catalog_row(Oid catalog_id, Oid object);

/* A column of such a row. */
extern Datum cg_catalog_value(HeapTuple tuple, Oid catalog_id, AttrNumber attnum, bool *isnull);

/* An expression that is stored in a column of such a row; NULL if the column is NULL. */
extern Node *cg_catalog_expression(HeapTuple tuple, Oid catalog_id, AttrNumber attnum);

#endif							/* CG_CATALOG_H */
