/*
 * troubles.h
 *		What is wrong with the recording of this database, for status().
 */
#ifndef CG_TROUBLES_H
#define CG_TROUBLES_H

#include "nodes/pg_list.h"

#include "base/shared.h"
#include "journal/journalstate.h"

/*
 * Palloc'd texts, the most urgent first; NIL: all is well.  database: a copy of the entry
 * in shared memory, all zeros if there is none.  signed_at: of the newest checkpoint, 0 if
 * there is none.
 */
extern List *cg_troubles_list(const CgJournalState *state, const CgDatabase *database, TimestampTz signed_at);

#endif							/* CG_TROUBLES_H */
