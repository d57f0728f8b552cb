/*
 * ask.h
 *		The conditions under which an interventions relation is asked.
 *
 * Shared by interventions.c, which prepares the questions under the very
 * conditions in which ask.c puts them: a plan made under another search_path
 * would be made again each time.
 */
#ifndef CG_ASK_H
#define CG_ASK_H

#include "policy/interventions.h"

typedef struct CgAskState
{
	Oid			user;
	int			sec_context;
	int			nestlevel;
	bool		asking;
	int			gate;			/* cg_gate_enter()'s */
} CgAskState;

/*
 * Become the owner, restricted, with pinned settings, below the gate.  Leave with cg_ask_leave
 * in a PG_FINALLY, and AtEOXact_GUC(true, nestlevel) where no error was thrown.
 */
extern CgAskState cg_ask_enter(Oid owner);
extern void cg_ask_leave(CgAskState *state);

/* Why the answer to a prepared question cannot be trusted, a constant, or NULL. */
extern const char *cg_ask_harm(SPIPlanPtr plan);

/* The same of analysed queries, a list of them or one. */
extern const char *cg_ask_query_harm(Node *queries);

#endif							/* CG_ASK_H */
