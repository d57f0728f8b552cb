/*
 * copystate.c
 *		The COPY that is running, for code that reads or writes rows meanwhile.
 */
#include "postgres.h"

#include "base/copystate.h"

static CgCopy copy_underway = {InvalidOid, false};

CgCopy
cg_copystate_swap(CgCopy copy)
{
	CgCopy		was = copy_underway;

	copy_underway = copy;
	return was;
}

const CgCopy *
cg_copystate_now(void)
{
	return &copy_underway;
}
