/*
 * asked.c
 *		The functions and relations that the question for windows uses, and whether
 *		they are allowed.
 *
 * use_interventions(), status() and each build of a question report the result.  The
 * gate (gate.c) stops a function that is not allowed while a question is planned and run,
 * also one that comes in after this check.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/names.h"
#include "base/roles.h"
#include "policy/ask.h"
#include "policy/asked.h"
#include "policy/callees.h"
#include "policy/question.h"
#include "policy/steady.h"
#include "policy/trustlabel.h"

static void find_asked(CgAsked *asked, List *queries);
static List *body_of(Oid function);
static List *rewrite(List *queries);
static bool relation_walker(Node *node, void *context);
static void judge(CgAsked *asked, const CgCallees *callees, const char *harm);
static bool is_powerful(Oid role);
static Oid	relation_of_others(const CgAsked *asked);

CgAsked *
cg_asked_find(Oid owner, List *queries)
{
	CgAsked    *asked = palloc0(sizeof(CgAsked));
	CgAskState	state = cg_ask_enter(owner, false);

	/* As the owner, so that the bodies get the row security that applies to the owner. */
	PG_TRY();
	{
		find_asked(asked, queries);
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
	return asked;
}

static void
find_asked(CgAsked *asked, List *queries)
{
	CgCallees	callees = {.may_read = true};
	const char *harm = cg_ask_query_harm((Node *) queries);
	ListCell   *lc;

	cg_callees_of_expression((Node *) queries, &callees);
	(void) relation_walker((Node *) queries, asked);
	/* The list grows during the loop. */
	for (int i = 0; i < list_length(callees.seen_functions); i++)
	{
		List	   *body = body_of(list_nth_oid(callees.seen_functions, i));

		if (body == NIL)
			continue;
		if (harm == NULL)
			harm = cg_ask_query_harm((Node *) body);
		cg_callees_of_expression((Node *) body, &callees);
		(void) relation_walker((Node *) body, asked);
		asked->bodies = list_concat(asked->bodies, body);
	}
	foreach(lc, callees.seen_functions)
		if (lfirst_oid(lc) >= FirstNormalObjectId)
			asked->functions = lappend_oid(asked->functions, lfirst_oid(lc));
	asked->types = callees.seen_types;
	judge(asked, &callees, harm);
}

static void
judge(CgAsked *asked, const CgCallees *callees, const char *harm)
{
	ListCell   *lc;

	/* A built-in in SQL finds its names with the search_path that ask.c pins. */
	foreach(lc, callees->refused)
		if (lfirst_oid(lc) >= FirstNormalObjectId || !cg_steady_is(lfirst_oid(lc)))
			asked->untrusted = lfirst_oid(lc);
	if (harm)
		asked->problem = pstrdup(harm);
	else if (callees->unknown)
		asked->problem = psprintf("it uses %s", callees->unknown);
	else
		foreach(lc, callees->seen_functions)
			if (!cg_steady_is(lfirst_oid(lc)))
				asked->problem = psprintf("it calls function %s, whose result depends on the reader's session",
										  cg_names_function(lfirst_oid(lc)));
}

/* The queries of an SQL-standard body, with views and row security added. */
static List *
body_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	List	   *result = NIL;
	Datum		source;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
	if (!isnull)
	{
		Node	   *body = stringToNode(TextDatumGetCString(source));

		result = IsA(body, List) ? linitial_node(List, (List *) body) : list_make1(body);
	}
	ReleaseSysCache(tuple);
	return rewrite(result);
}

static List *
rewrite(List *queries)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, queries)
	{
		Query	   *query = lfirst_node(Query, lc);

		/* callees.c refuses other commands. */
		if (query->commandType != CMD_SELECT)
			continue;
		AcquireRewriteLocks(query, true, false);
		result = list_concat(result, QueryRewrite(query));
	}
	return result;
}

static bool
relation_walker(Node *node, void *context)
{
	CgAsked    *asked = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		if (OidIsValid(((RangeTblEntry *) node)->relid))
			asked->relations = list_append_unique_oid(asked->relations, ((RangeTblEntry *) node)->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, relation_walker, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, relation_walker, context);
}

char *
cg_asked_problem(const CgAsked *asked)
{
	if (OidIsValid(asked->untrusted))
		return psprintf("function %s is not trusted, and it would decide whether a window is open: %s",
						cg_names_function(asked->untrusted), cg_trustlabel_mend(asked->untrusted));
	return asked->problem;
}

/* Has the role more rights than the owner of a CRM needs? */
static bool
is_powerful(Oid role)
{
	Oid			admins = cg_roles_group(CG_GROUP_ADMIN);

	return superuser_arg(role) || (OidIsValid(admins) && is_member_of_role_nosuper(role, admins));
}

static Oid
relation_of_others(const CgAsked *asked)
{
	ListCell   *lc;

	foreach(lc, asked->relations)
		if (!is_powerful(cg_question_owner(lfirst_oid(lc))))
			return lfirst_oid(lc);
	return InvalidOid;
}

char *
cg_asked_owner_problem(Oid owner, const CgAsked *asked)
{
	Oid			other;

	if (!is_powerful(owner))
		return NULL;
	other = relation_of_others(asked);
	if (!OidIsValid(other))
		return NULL;
	return psprintf("its owner \"%s\" has more rights than the owner \"%s\" of relation \"%s\", which it uses",
					GetUserNameFromId(owner, false), GetUserNameFromId(cg_question_owner(other), false),
					get_rel_name(other));
}
