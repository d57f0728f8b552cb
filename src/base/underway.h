/*
 * underway.h
 *		The utility statement that is under way, for those below the wing that runs it.
 */
#ifndef CG_UNDERWAY_H
#define CG_UNDERWAY_H

#include "postgres.h"

#include "nodes/nodes.h"

/* The innermost statement, or NULL. */
extern Node *cg_underway_statement(void);

/* Notes a statement, or that there is none; returns what was noted before. */
extern Node *cg_underway_swap(Node *statement);

#endif							/* CG_UNDERWAY_H */
