/*
 * reads.h
 *		The reads of one execution: verdicts and their records.
 *
 * There is one record for each (execution, relation, customer, verdict), with the set
 * of columns.  An execution that reads more than CG_READS_MAX customers forgets
 * the first ones, and may repeat their records.
 */
#ifndef CG_READS_H
#define CG_READS_H

#include "executor/execdesc.h"

#include "base/actor.h"
#include "base/customerkey.h"
#include "base/site.h"

#define CG_READS_MAX 65536
/* The time that a verdict "shown" is valid within one execution. */
#define CG_VERDICT_USECS USECS_PER_SEC

typedef struct CgReads CgReads;

/* Which records are due?  Each value includes those before it. */
typedef enum CgDue
{
	CG_DUE_SHOWN,				/* something may leave that depends on a shown value */
	CG_DUE_ANSWER,				/* a part of the answer leaves */
	CG_DUE_END					/* the execution has ended: counts are final */
} CgDue;

/*
 * Creates the reads of an execution of the query.  statement: see
 * cg_execution_statement.  ERROR if there is no journal.
 */
extern CgReads *cg_reads_create(QueryDesc *query, int64 statement);
extern void cg_reads_free(CgReads *reads);

/* ERROR if the journal is too far ahead of the access log for guarded reads. */
extern void cg_reads_require(CgReads *reads);

/* Notes that the execution reads a table or view of the access log. */
extern void cg_readaudit_note(CgReads *reads, Oid relid);

/* Adds rows of the log that the result holds beyond its own number of rows. */
extern void cg_readaudit_more(CgReads *reads, uint64 rows);

extern const CgActor *cg_reads_actor(const CgReads *reads);

/*
 * Decides whether the actor may see the value at a site of this customer, and
 * notes the record.  ERROR if no record can be kept.  key NULL: the row belongs to no
 * customer, so only a standing permission shows it.
 */
extern bool cg_reads_decide(CgReads *reads, const CgSite *site, const CgCustomerKey *key);

/*
 * The same for a row that the actor has inserted in this transaction: it is shown, if it
 * belongs to a customer.
 */
extern bool cg_reads_decide_own(CgReads *reads, const CgSite *site, const CgCustomerKey *key);

/*
 * Would a value of this customer be shown?  Notes no record, since the row may hold no
 * value.
 */
extern bool cg_reads_is_open(CgReads *reads, Oid relid, const char *customer);

/* Notes that columns of the relation are compared, even if no row is found. */
extern void cg_reads_look_up(CgReads *reads, Oid relid, List *attnums);

/*
 * Notes a comparison by a unique index, or (check) by another definition of the
 * relation, for an actor without a permission.
 */
extern void cg_reads_compare(CgReads *reads, Oid relid, List *attnums, bool check);

/* Has the actor a standing permission on the relation, and is his token for this column, too? */
extern bool cg_reads_is_permitted(CgReads *reads, const CgSite *site);

#endif							/* CG_READS_H */
