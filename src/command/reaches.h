/*
 * reaches.h
 *		What a trusted function may reach by the names in its text.
 */
#ifndef CG_REACHES_H
#define CG_REACHES_H

#include "policy/callees.h"

/*
 * Adds what functions, types and operators call that the text may name: those of
 * schemas of the function's path, and of schemas that the text names.  Names that
 * the function makes up when it runs are not known.
 */
extern void cg_reaches_survey(Oid function, CgCallees *callees);

#endif							/* CG_REACHES_H */
