/*
 * readrecords.h
 *		Makes records in the journal's buffer from the reads of an execution.
 */
#ifndef CG_READRECORDS_H
#define CG_READRECORDS_H

#include "read/reads.h"

/* Are there records that are not yet in the journal's buffer? */
extern bool cg_readrecords_owes(const CgReads *reads);

/* Moves them there.  final: also the counts that are known at the end of an execution. */
extern void cg_readrecords_drain(CgReads *reads, bool final);

/* Puts the query's text into the journal, once in a session, and sets query_id. */
extern void cg_readrecords_put_query(CgReads *reads);

#endif							/* CG_READRECORDS_H */
