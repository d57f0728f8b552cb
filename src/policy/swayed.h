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

/* Does this output function of PostgreSQL's own print the same whatever the settings are? */
extern bool cg_swayed_prints_plainly(Oid output);

/*
 * May a setting change the result of this node's own functions?  Trusted functions, and
 * those with a body of the SQL standard, are not meant: an admin, or the nodes of the body,
 * answer for them.
 */
extern bool cg_swayed_by_settings(Node *node);

#endif							/* CG_SWAYED_H */
