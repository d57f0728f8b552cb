/*
 * ownrows.h
 *		Writes rows of our tables that logical decoding does not see.
 *
 * Otherwise each consumer of a logical slot would get the journal's key, and records of
 * who has read whom.  These functions check no privileges.  They need a transaction with
 * a snapshot.
 */
#ifndef CG_OWNROWS_H
#define CG_OWNROWS_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "base/owncolumns.h"

/* Writes into one table; set it to zero first. */
typedef struct CgOwnWriter
{
	Oid			relid;			/* InvalidOid: not open */
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;		/* a row that is written */
	TupleTableSlot *old;		/* one that is replaced */
} CgOwnWriter;

extern void cg_ownrows_open(CgOwnWriter *writer, Oid relid);
extern void cg_ownrows_close(CgOwnWriter *writer);	/* may be closed already */

/* Inserts the index entries of a row that has been inserted. */
extern void cg_ownrows_index(CgOwnWriter *writer, TupleTableSlot *slot);

/*
 * Inserts one row.  The values have the order of owncolumns.h; columns that the library
 * does not know become NULL.  The caller must avoid a unique_violation.
 */
extern void cg_ownrows_insert(CgOwnTable table, const Datum *values, const bool *nulls);

/*
 * Deletes the rows that a query names by its columns tableoid and ctid.  The query must
 * lock these rows by FOR UPDATE.  Returns their number.
 */
extern int64 cg_ownrows_delete(const char *sql, int nargs, Oid *types, Datum *values);

/*
 * Replaces the rows that a query names by its first columns, tableoid and ctid.  Each
 * further column of the query is the new value of the column of that name; other columns
 * keep their values.  Locks and result as above.
 */
extern int64 cg_ownrows_replace(const char *sql, int nargs, Oid *types, Datum *values);

/*
 * Copies the rows of a table that satisfy a condition into another one, which has the
 * same columns in any order.  Returns their number.
 */
extern int64 cg_ownrows_copy(Oid from, const char *condition, Oid into);

#endif							/* CG_OWNROWS_H */
