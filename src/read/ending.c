/*
 * ending.c
 *		The records of an execution that ends with an error.
 *
 * The text of an error may hold a value, and a procedural language may catch the error.
 */
#include "postgres.h"

#include "storage/lwlock.h"

#include "journal/forward.h"
#include "read/ending.h"
#include "read/execution.h"
#include "read/readrecords.h"
#include "read/readsearch.h"

/*
 * Lightweight locks that the error left behind would block the flush.  They may be
 * released here, since code that catches the error must abort a (sub)transaction anyway.
 */
bool
cg_ending_by_error(CgReads *reads, bool behind_door)
{
	cg_readsearch_fail(reads);
	cg_readrecords_drain(reads, CG_DUE_END);
	if (behind_door)
		return false;
	LWLockReleaseAll();
	if (!cg_execution_settle(CG_DUE_SHOWN) && !cg_forward_has_lost())
		ereport(FATAL,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of a read")));
	return cg_forward_has_lost();
}
