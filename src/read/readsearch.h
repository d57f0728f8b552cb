/*
 * readsearch.h
 *		The searches of one execution.
 */
#ifndef CG_READSEARCH_H
#define CG_READSEARCH_H

#include "nodes/pg_list.h"

#include "read/reads.h"

/*
 * Notes that the relation is searched by the values of these columns.  always: there must be a
 * record even if no row is compared.
 */
extern void cg_readsearch_begin(CgReads *reads, Oid relid, List *attnums, bool always);

/*
 * A search is about to compare the row of this customer (NULL: of nobody).  False if the actor
 * has no standing permission any more.  *first: it is the first row of the execution.
 */
extern bool cg_readsearch_row(CgReads *reads, const CgSite *site, const CgCustomerKey *key, bool *first);

/* A search has found the row, which cg_reads_decide() has noted as shown. */
extern void cg_readsearch_found(CgReads *reads, const CgSite *site, const CgCustomerKey *key);

/* The execution ends with an error: the row that a search compared last has a name. */
extern void cg_readsearch_fail(const CgReads *reads);

#endif							/* CG_READSEARCH_H */
