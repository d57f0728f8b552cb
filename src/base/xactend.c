/*
 * xactend.c
 *		The library's share of PostgreSQL's callbacks at the end of a transaction.
 */
#include "postgres.h"

#include "base/special.h"
#include "base/xactend.h"

/* One for each module that has something to do then, and some spare ones. */
#define MAX_XACT_HANDLERS 16

static CgXactHandler xact_handlers[MAX_XACT_HANDLERS];
static int	n_xact_handlers = 0;

static void end_xact(XactEvent event, void *arg);
static pg_noinline void call_xact_handlers(XactEvent event);

void
cg_xactend_init(void)
{
	RegisterXactCallback(end_xact, NULL);
}

void
cg_xactend_on_event(CgXactHandler handler)
{
	if (n_xact_handlers >= MAX_XACT_HANDLERS)
		elog(ERROR, "contact_guard has no room for another handler of the end of transactions");
	xact_handlers[n_xact_handlers++] = handler;
}

static void
end_xact(XactEvent event, void *arg)
{
	if (cg_special_is())
		call_xact_handlers(event);
}

/* In PostgreSQL's order: the one that came last is called first. */
static void
call_xact_handlers(XactEvent event)
{
	for (int i = n_xact_handlers - 1; i >= 0; i--)
		xact_handlers[i] (event);
}
