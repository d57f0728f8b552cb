/*
 * errordetail.c
 *		DETAIL lines that print stored values.
 *
 * "Failing row contains (…)" and "Key (…)=(…)" print values that no reveal() has
 * let through.  They are replaced while the error is still on its way, since an
 * exception handler of a procedural language would read them before the client.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "errordetail.h"

static bool has_detail(void);

static bool
has_detail(void)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	ErrorData  *error = CopyErrorData();
	bool		result = error->detail != NULL;

	FreeErrorData(error);
	MemoryContextSwitchTo(oldcontext);
	return result;
}

void
cg_errordetail_hide(void)
{
	switch (ERRCODE_TO_CATEGORY(geterrcode()))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_WITH_CHECK_OPTION_VIOLATION:
			if (has_detail())
				errdetail("Not shown: the statement touches a relation with guarded columns.");
			break;
		default:
			break;
	}
}
