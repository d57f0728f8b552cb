/*
 * underway.h
 *		The running utility statement, for the wings below the one that runs it.
 */
#ifndef CG_UNDERWAY_H
#define CG_UNDERWAY_H

#include "postgres.h"

#include "nodes/nodes.h"

/* The innermost statement, or NULL. */
extern Node *cg_underway_statement(void);

/* Notes a statement, or that there is none.  Returns the one that was noted before. */
extern Node *cg_underway_swap(Node *statement);

#endif							/* CG_UNDERWAY_H */
