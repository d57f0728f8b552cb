/*
 * ask.h
 *		Asking an interventions relation, and the conditions under which it is asked.
 *
 * question.c prepares the questions under the same conditions as ask.c runs them: a plan
 * that was made under another search_path would be made again each time.
 */
#ifndef CG_ASK_H
#define CG_ASK_H

#include "utils/snapshot.h"

#include "policy/interventions.h"

typedef struct CgAskState
{
	Oid			user;
	int			sec_context;
	int			nestlevel;
	bool		asking;
	int			gate;			/* the result of cg_gate_enter() */
} CgAskState;

/*
 * Becomes the owner in a restricted operation, pins the settings, and closes the gate.
 * steady: no setting can change the result of what runs, so only those are pinned that a
 * cached plan is compared with.  Leave with cg_ask_leave() in a PG_FINALLY, and with
 * AtEOXact_GUC(true, nestlevel) if no error was thrown.
 */
extern CgAskState cg_ask_enter(Oid owner, bool steady);
extern void cg_ask_leave(CgAskState *state);

/* Why the answer to a prepared question cannot be trusted, as a constant string; or NULL. */
extern const char *cg_ask_harm(SPIPlanPtr plan);

/* The same for one analysed query or a list of them. */
extern const char *cg_ask_query_harm(Node *queries);

/*
 * Runs one question as the relation's owner with pinned settings and a snapshot
 * of the latest commits.  Calls back for each row; strings are valid during that call
 * only.
 */
typedef void (*CgWindowCallback) (CgInterventions *from, const char *customer, const char *id,
								  TimestampTz opens_at, TimestampTz closes_at, void *context);
extern void cg_ask_run(CgInterventions *from, CgAsk ask, const char *technician,
					   const char *customer, CgWindowCallback callback, void *context);

/* A snapshot of the latest commits, and of nothing that this transaction did; static. */
extern Snapshot cg_ask_latest_commits(void);

/* The same with what this transaction did before that command. */
extern Snapshot cg_ask_latest_with(CommandId before);

/*
 * The number of transactions that had ended when that was called last: while it does not
 * change, the next snapshot is the same.
 */
extern uint64 cg_ask_commits_seen(void);

/* Calls back for a row of a question's columns, if it has a window. */
extern void cg_ask_tell(CgInterventions *from, const Datum *datums, const bool *isnull,
						CgWindowCallback callback, void *context);

/* Is a question being asked?  Guarded values that it reads are withheld. */
extern bool cg_ask_is_running(void);

#endif							/* CG_ASK_H */
