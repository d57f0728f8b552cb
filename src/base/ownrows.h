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

/* Writes into one table; zero it first. */
typedef struct CgOwnWriter
{
	Oid			relid;			/* InvalidOid: not open */
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
} CgOwnWriter;

extern void cg_ownrows_open(CgOwnWriter *writer, Oid relid);
extern void cg_ownrows_close(CgOwnWriter *writer);	/* also one that is not open */

/* Index entries of a row that has been inserted. */
extern void cg_ownrows_index(CgOwnWriter *writer, TupleTableSlot *slot);

/* One row of a table of ours; unique_violation is the caller's mistake. */
extern void cg_ownrows_insert(const char *table, Datum *values, bool *nulls);

/*
 * Of each row of a query (tableoid, ctid, column*) the row that the first two name
 * is deleted, and one of the columns inserted in its place, if there are any.  The
 * query must lock what it reads, FOR UPDATE.  Returns how many there were.
 */
extern int64 cg_ownrows_replace(const char *sql, int nargs, Oid *types, Datum *values);

/* Inserts the rows of a query into a table. */
extern int64 cg_ownrows_copy(const char *sql, Oid into);

#endif							/* CG_OWNROWS_H */
