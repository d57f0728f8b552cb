/*
 * reads.h
 *		What one execution has read: verdicts and their records.
 *
 * One record an (execution, relation, customer, verdict), with the set of
 * columns.  An execution that reads more than CG_READS_MAX customers forgets
 * the first ones, and may repeat their records.
 */
#ifndef CG_READS_H
#define CG_READS_H

#include "executor/execdesc.h"

#include "base/actor.h"
#include "base/site.h"

#define CG_READS_MAX 65536
/* A verdict "shown" is good for so long within one execution. */
#define CG_VERDICT_USECS USECS_PER_SEC

typedef struct CgReads CgReads;

/*
 * For an execution of query.  statement: see cg_execution_statement.  ERROR if
 * there is no journal.
 */
extern CgReads *cg_reads_create(QueryDesc *query, int64 statement);
extern void cg_reads_free(CgReads *reads);

/* ERROR if the journal is too far ahead of the access log for guarded reads. */
extern void cg_reads_require(CgReads *reads);

/* Notes that the execution reads a table or view of the access log. */
extern void cg_reads_audit(CgReads *reads, Oid relid);

/* Rows of the log that its result holds beyond its own number of rows. */
extern void cg_reads_audit_more(CgReads *reads, uint64 rows);

extern const CgActor *cg_reads_actor(const CgReads *reads);

/*
 * Decides whether the actor may see the value at a site of this customer, and
 * notes the record.  ERROR if no record can be kept.  customer NULL: the row is
 * nobody's, and for standing permissions alone.
 */
extern bool cg_reads_decide(CgReads *reads, const CgSite *site, const char *customer);

/*
 * Would a value of this customer be shown?  Notes no record: for rows that may
 * hold none.
 */
extern bool cg_reads_is_open(CgReads *reads, Oid relid, const char *customer);

/* Notes that columns of the relation are compared with something, whatever that finds. */
extern void cg_reads_look_up(CgReads *reads, Oid relid, List *attnums);

/*
 * The same where a unique index compares, or another definition of the relation (check),
 * for actors without a permission alone.
 */
extern void cg_reads_compare(CgReads *reads, Oid relid, List *attnums, bool check);

/* Has the actor a standing permission on the relation? */
extern bool cg_reads_is_permitted(CgReads *reads, Oid relid);

#endif							/* CG_READS_H */
