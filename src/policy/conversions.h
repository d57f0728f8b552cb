/*
 * conversions.h
 *		Functions that an expression calls by way of the types of its values.
 */
#ifndef CG_CONVERSIONS_H
#define CG_CONVERSIONS_H

#include "nodes/nodes.h"

#include "policy/callees.h"

/*
 * For callees.c, if callees->refuses is set.  Adds what this node itself calls because of a
 * type: the checks of domains whose values it makes, and casts to json.  Other values of these
 * types call nothing.  False if the node is of a kind that this file does not know.
 */
extern bool cg_conversions_judge(Node *node, CgCallees *callees);

/*
 * The functions that "refuses" names and that the node may call, with all below it: OIDs, each
 * once.  The functions of aggregates, domains and casts count.  *unknown: it has a kind of node
 * that is not known, or a row whose columns are not known.  It opens only catalogs, and throws
 * only errors of these.
 */
extern List *cg_conversions_find(Node *node, bool (*refuses) (Oid function), bool *unknown);

#endif							/* CG_CONVERSIONS_H */
