/*
 * planholds.h
 *		Plans that deliver values long after they were read.
 */
#ifndef CG_PLANHOLDS_H
#define CG_PLANHOLDS_H

#include "nodes/execnodes.h"

/* May the plan deliver a value long after it was read? */
extern bool cg_planholds_rows(PlanState *state);

#endif							/* CG_PLANHOLDS_H */
