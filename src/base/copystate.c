/*
 * copystate.c
 *		The COPY that is running, for code that reads or writes rows meanwhile.
 */
#include "postgres.h"

#include "base/copystate.h"

const CgCopy cg_copystate_none = {InvalidOid};
const CgCopy *cg_copystate_underway = &cg_copystate_none;
