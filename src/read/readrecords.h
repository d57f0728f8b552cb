/*
 * readrecords.h
 *		Makes records in the journal's buffer from the reads of an execution.
 */
#ifndef CG_READRECORDS_H
#define CG_READRECORDS_H

#include "read/reads.h"

/* Are there records that must be in the journal's buffer before a part of the answer leaves? */
extern bool cg_readrecords_owes(const CgReads *reads);

/* Moves the records that are due there. */
extern void cg_readrecords_drain(CgReads *reads, CgDue due);

/* Puts the query's text into the journal, once in a session, and sets query_id. */
extern void cg_readrecords_put_query(CgReads *reads);

#endif							/* CG_READRECORDS_H */
