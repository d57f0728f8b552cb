/*
 * reaches.h
 *		What a trusted function may reach by the names in its text.
 */
#ifndef CG_REACHES_H
#define CG_REACHES_H

#include "policy/callees.h"

/*
 * Adds the calls of all functions, types and operators that the text may name: those in
 * schemas of the function's path, and those in schemas that the text names.  Names that the
 * function constructs when it runs are not known.
 */
extern void cg_reaches_survey(Oid function, CgCallees *callees);

#endif							/* CG_REACHES_H */
