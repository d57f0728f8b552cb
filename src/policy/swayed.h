/*
 * swayed.h
 *		Does the result of an expression depend on settings of whoever computes it?
 */
#ifndef CG_SWAYED_H
#define CG_SWAYED_H

#include "nodes/nodes.h"

#include "policy/callees.h"

/* One node of a walk that looks for that: adds to callees->refused. */
extern void cg_swayed_judge(Node *node, CgCallees *callees);

#endif							/* CG_SWAYED_H */
