/*
 * searched.h
 *		The rows that a search compares, of one relation in one execution.
 *
 * Whoever may see the values sees in the answer whom a search has found; these are recorded
 * as shown.  That the others have not been found tells something of them, too: of each of a
 * few rows much, of many rows little.  So up to CG_SEARCHED_NAMES customers are named, and
 * more are counted.
 */
#ifndef CG_SEARCHED_H
#define CG_SEARCHED_H

#include "read/reads.h"

#define CG_SEARCHED_NAMES 100

typedef struct CgSearched CgSearched;

/* Lives in the context, and goes with it. */
extern CgSearched *cg_searched_create(MemoryContext context);

/* There must be a record even if no row is compared. */
extern void cg_searched_require(CgSearched *searched);

/*
 * A row is about to be compared; a row has been found.  key NULL: it belongs to nobody.  The
 * first returns true for the first row of all.
 */
extern bool cg_searched_note(CgSearched *searched, const CgCustomerKey *key);
extern void cg_searched_find(CgSearched *searched, const CgCustomerKey *key);

/* The execution has ended with an error, which may tell of the last row: it has a name. */
extern void cg_searched_fail(CgSearched *searched);

/*
 * Is something to be recorded?  CG_DUE_SHOWN: only that there is a search.  Whom it has not
 * found is in no value that leaves then.
 */
extern bool cg_searched_owes(const CgSearched *searched, CgDue due);

/* Has the writer write what is to be recorded: customer NULL is a count of rows. */
typedef void (*CgSearchedWriter) (void *arg, const char *customer, int64 count);
extern void cg_searched_drain(CgSearched *searched, CgDue due, CgSearchedWriter writer, void *arg);

#endif							/* CG_SEARCHED_H */
