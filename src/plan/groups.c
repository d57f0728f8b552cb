/*
 * groups.c
 *		What a query groups by, where PostgreSQL keeps it once for the whole query.
 *
 * From 18 on the expressions of GROUP BY stand in an entry of the range table, and the
 * output and HAVING refer to that entry.  So what is done with a value is found where the
 * entry is used, and the value itself where it is defined.  The rewrite notes each use,
 * and walks the definitions behind all uses, as if each stood where it is used.
 *
 * The planner could be given the older form of the tree instead.  But it decides by the
 * references which conditions of HAVING it may apply before it groups.
 */
#include "postgres.h"

#include "parser/parsetree.h"

#include "compat.h"
#include "plan/rewrite_private.h"

typedef struct GroupUse
{
	const RangeTblEntry *rte;
	AttrNumber	attnum;
	RewritePlace place;
} GroupUse;

static GroupUse *find_use(const RewriteContext *context, const RangeTblEntry *rte, AttrNumber attnum);
static void unite_places(RewritePlace *place, const RewritePlace *other);

static GroupUse *
find_use(const RewriteContext *context, const RangeTblEntry *rte, AttrNumber attnum)
{
	ListCell   *lc;

	foreach(lc, context->groups)
	{
		GroupUse   *use = lfirst(lc);

		if (use->rte == rte && use->attnum == attnum)
			return use;
	}
	return NULL;
}

/* A value that is used at two places is used for what either of them does. */
static void
unite_places(RewritePlace *place, const RewritePlace *other)
{
	place->flows |= other->flows;
	place->stores |= other->stores;
	place->writes |= other->writes;
	place->orders |= other->orders;
	place->ordered |= other->ordered;
	place->written |= other->written;
	place->to_guarded &= other->to_guarded;
}

void
cg_groups_note(RewriteContext *context, const RangeTblEntry *rte, AttrNumber attnum)
{
	GroupUse   *use = find_use(context, rte, attnum);

	if (use)
	{
		unite_places(&use->place, &context->place);
		return;
	}
	use = palloc(sizeof(GroupUse));
	use->rte = rte;
	use->attnum = attnum;
	use->place = context->place;
	context->groups = lappend(context->groups, use);
}

void
cg_groups_rewrite(Query *query, RewriteContext *context)
{
	RewritePlace saved = context->place;
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		AttrNumber	attnum = 0;
		ListCell   *expression;

		if ((int) rte->rtekind != RTE_GROUP)
			continue;
		foreach(expression, cg_compat_group_expressions(rte))
		{
			const GroupUse *use = find_use(context, rte, ++attnum);

			if (use)
				context->place = use->place;
			else
				context->place.flows = false;
			/* What is grouped by chooses rows, and looks the same wherever it stands. */
			context->place.decides = true;
			lfirst(expression) = cg_references_rewrite(lfirst(expression), context);
			context->place = saved;
		}
	}
}
