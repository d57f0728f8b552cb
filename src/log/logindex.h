/*
 * logindex.h
 *		Index entries of many rows of the log, inserted index by index.
 */
#ifndef CG_LOGINDEX_H
#define CG_LOGINDEX_H

#include "base/ownrows.h"

typedef struct CgLogIndexes CgLogIndexes;

/* Begins with the indexes of an open writer.  Memory comes from the current context. */
extern CgLogIndexes *cg_logindex_begin(CgOwnWriter *writer);

/* Takes the entries of a row that has been inserted into the table. */
extern void cg_logindex_add(CgLogIndexes *indexes, TupleTableSlot *slot);

/*
 * Inserts all entries, and ends.  The rows and their entries must be of one transaction,
 * and the writer must still be open.
 */
extern void cg_logindex_end(CgLogIndexes *indexes);

#endif							/* CG_LOGINDEX_H */
