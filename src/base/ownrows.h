/*
 * ownrows.h
 *		Rows of our tables, written past logical decoding.
 *
 * What these write is in no change that a logical slot decodes: the journal's key,
 * and who read whom, would travel to every consumer.  They run as nobody in
 * particular (no privilege is checked), in a transaction with a snapshot.
 */
#ifndef CG_OWNROWS_H
#define CG_OWNROWS_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "base/owncolumns.h"

/* Writes into one table; zero it first. */
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
extern void cg_ownrows_close(CgOwnWriter *writer);	/* also one that is not open */

/* Index entries of a row that has been inserted. */
extern void cg_ownrows_index(CgOwnWriter *writer, TupleTableSlot *slot);

/*
 * One row of a table of ours, with the columns that the library knows, in the order of
 * owncolumns.h; others are NULL.  unique_violation is the caller's mistake.
 */
extern void cg_ownrows_insert(CgOwnTable table, const Datum *values, const bool *nulls);

/*
 * Of each row of a query (tableoid, ctid) the row that these name is deleted.  The
 * query must lock what it reads, FOR UPDATE.  Returns how many there were.
 */
extern int64 cg_ownrows_delete(const char *sql, int nargs, Oid *types, Datum *values);

/*
 * Of each row of a query (tableoid, ctid, column AS name*) the row that the first two
 * name is replaced by one in which the columns of these names have these values, and
 * all others what they had.  The rest as above.
 */
extern int64 cg_ownrows_replace(const char *sql, int nargs, Oid *types, Datum *values);

/*
 * Inserts the rows of one table that satisfy a condition into another one, which has
 * the same columns, in whatever order.
 */
extern int64 cg_ownrows_copy(Oid from, const char *condition, Oid into);

#endif							/* CG_OWNROWS_H */
