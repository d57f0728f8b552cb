/*
 * readlooks.c
 *		Looks at the interventions for one execution: is a window open now?
 *
 * An execution asks one question for each customer, as long as there are few customers.
 * A report over all of an actor's customers would ask thousands of questions, and each
 * of them may have to read all of the actor's windows.  So after LOOKS_MAX questions the
 * execution asks for all open windows at once.  The answer is valid for a second, like
 * the answer for one customer.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "journal/reason.h"
#include "journal/record.h"
#include "policy/windows.h"
#include "read/reads_private.h"
#include "read/resume.h"

#define LOOKS_MAX 32

static bool look_at_all(CgReads *reads, Read *read, CgWindow *window);
static bool is_open(CgReads *reads, Read *read, CgWindow *window);

static bool
look_at_all(CgReads *reads, Read *read, CgWindow *window)
{
	TimestampTz now = GetCurrentTimestamp();

	if (reads->look)
	{
		TimestampTz at = cg_windows_looked_at(reads->look);

		if (now < at || now - at >= CG_VERDICT_USECS)
		{
			cg_windows_free(reads->look);
			reads->look = NULL;
		}
	}
	if (reads->look == NULL)
		reads->look = cg_windows_look_at_all(&reads->actor, reads->context);
	/* The verdict is from the time of the look, not from now. */
	read->decided_at = cg_windows_looked_at(reads->look);
	return cg_windows_find(reads->look, read->customer, window) && now < window->closes_at;
}

static bool
is_open(CgReads *reads, Read *read, CgWindow *window)
{
	if (reads->looks >= LOOKS_MAX)
		return look_at_all(reads, read, window);
	reads->looks++;
	return cg_windows_verify(&reads->actor, read->customer, window);
}

const char *
cg_readlooks_lapse(const CgReads *reads, TimestampTz now)
{
	if (!cg_actor_has_lapsed(&reads->actor, now))
		return NULL;
	return reads->actor.lapsed ? reads->actor.lapsed : CG_REASON_TOKEN_EXPIRED;
}

void
cg_readlooks_look_up(CgReads *reads, Read *read, bool may_be_open, TimestampTz now)
{
	CgWindow	window;
	MemoryContext oldcontext;

	read->shown = false;
	read->decided_at = now;
	if (may_be_open && is_open(reads, read, &window))
	{
		read->shown = true;
		read->until = reads->actor.token ? Min(window.closes_at, reads->actor.token->until) : window.closes_at;
		read->window = (CgRecordWindow) {true, window.opens_at, window.closes_at};
		cg_resume_add(&reads->actor, InvalidOid, read->customer);
	}
	else if (cg_actor_has_lapsed(&reads->actor, now))
	{
		read->intervention[0] = NULL;
		read->closed_at = CG_NO_TIME;
		read->reason = cg_readlooks_lapse(reads, now);
		return;
	}
	else if (cg_windows_past(&reads->actor, read->customer, &window))
	{
		read->closed_at = window.closes_at == 0 ? CG_NO_TIME : window.closes_at;
		read->reason = window.closes_at == 0 ? CG_REASON_WINDOW_NOT_OPEN : CG_REASON_WINDOW_CLOSED;
	}
	else
	{
		read->intervention[0] = NULL;
		read->closed_at = CG_NO_TIME;
		read->reason = CG_REASON_NO_WINDOW;
		return;
	}
	oldcontext = MemoryContextSwitchTo(cg_reads_context_of(reads, read));
	read->intervention[read->shown ? 1 : 0] = window.id ? pstrdup(window.id) : NULL;
	MemoryContextSwitchTo(oldcontext);
}
