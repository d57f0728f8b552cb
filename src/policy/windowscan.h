/*
 * windowscan.h
 *		The question for windows without the executor.
 */
#ifndef CG_WINDOWSCAN_H
#define CG_WINDOWSCAN_H

#include "policy/ask.h"

typedef struct CgWindowScan CgWindowScan;

/*
 * The scan that answers a question of this relation with plain terms, in "context"; or
 * NULL where the executor has to.  queries: the question, analysed and rewritten.  Call
 * it as the relation's owner with pinned settings.
 */
extern CgWindowScan *cg_windowscan_create(Oid relid, const List *queries, MemoryContext context);

/*
 * Runs it with the parameters of CgAsk: calls back for each row that has a window.
 * False, and nothing has been asked, if the relation has changed since.
 */
extern bool cg_windowscan_run(CgWindowScan *scan, CgInterventions *from, const Datum *values,
							  const bool *given, CgWindowCallback callback, void *context);

#endif							/* CG_WINDOWSCAN_H */
