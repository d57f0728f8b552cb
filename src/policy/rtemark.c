/*
 * rtemark.c
 *		Marks that the rewrite puts into range table entries.
 *
 * A mark is a text: "contact_guard", the relation's OID, a letter for CgAssumed or for
 * the access log, the columns looked up, a bar, and the columns checked.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "lib/stringinfo.h"

#include "base/special.h"
#include "policy/rtemark.h"

#define PREFIX "contact_guard "
#define AUDITED "l"

static const char letters[] = {
	[CG_ASSUMED_NOTHING] = '-',
	[CG_ASSUMED_PERMITTED] = 'p',
	[CG_ASSUMED_SEARCHES] = 's',
	[CG_ASSUMED_SEARCHES_ALONE] = 'n',
	[CG_ASSUMED_SEES_ALL] = 'a',
	[CG_ASSUMED_SEES_OPEN] = 'o',
};

static List *take_numbers(char **at);

static bool any_set = false;	/* in this session */

bool
cg_rtemark_is_permitted(const CgMark *mark)
{
	return mark->assumed == CG_ASSUMED_PERMITTED || mark->assumed == CG_ASSUMED_SEARCHES ||
		mark->assumed == CG_ASSUMED_SEARCHES_ALONE;
}

void
cg_rtemark_set(RangeTblEntry *rte, CgAssumed assumed, List *looked_up, List *checked)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	appendStringInfo(&out, PREFIX "%u %c", rte->relid, letters[assumed]);
	foreach(lc, looked_up)
		appendStringInfo(&out, " %d", lfirst_int(lc));
	if (checked != NIL)
		appendStringInfoString(&out, " |");
	foreach(lc, checked)
		appendStringInfo(&out, " %d", lfirst_int(lc));
	rte->enrname = out.data;
	cg_special_note();
	any_set = true;
}

void
cg_rtemark_set_audited(RangeTblEntry *rte)
{
	rte->enrname = psprintf(PREFIX "%u " AUDITED, rte->relid);
	cg_special_note();
	any_set = true;
}

/* The plan of a parallel worker was made in its leader's session. */
bool
cg_rtemark_may_be_there(void)
{
	return any_set || IsParallelWorker();
}

static List *
take_numbers(char **at)
{
	List	   *result = NIL;

	while (**at == ' ' && (*at)[1] != '|')
		result = lappend_int(result, (int) strtol(*at, at, 10));
	return result;
}

bool
cg_rtemark_get(const RangeTblEntry *rte, CgMark *mark)
{
	char	   *at;
	/* PostgreSQL 16 keeps no other entry for a view. */
	bool		is_view = rte->rtekind == RTE_SUBQUERY && OidIsValid(rte->relid);

	if ((rte->rtekind != RTE_RELATION && !is_view) || rte->enrname == NULL ||
		strncmp(rte->enrname, PREFIX, strlen(PREFIX)) != 0)
		return false;
	mark->relid = InvalidOid;
	for (at = rte->enrname + strlen(PREFIX); *at >= '0' && *at <= '9'; at++)
		mark->relid = mark->relid * 10 + (*at - '0');
	mark->assumed = CG_ASSUMED_NOTHING;
	mark->audited = at[1] == AUDITED[0];
	for (int i = 0; i < lengthof(letters); i++)
		if (at[1] == letters[i])
			mark->assumed = i;
	at += 2;
	mark->looked_up = take_numbers(&at);
	mark->checked = NIL;
	if (strncmp(at, " |", 2) == 0)
	{
		at += 2;
		mark->checked = take_numbers(&at);
	}
	return true;
}
