/*
 * swayed.h
 *		Expressions over values whose result depends on settings of the session.
 */
#ifndef CG_SWAYED_H
#define CG_SWAYED_H

#include "nodes/nodes.h"

#include "policy/callees.h"

/* Checks one node of a walk; adds to callees->refused or sets callees->unknown. */
extern void cg_swayed_judge(Node *node, CgCallees *callees);

#endif							/* CG_SWAYED_H */
