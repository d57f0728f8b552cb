/*
 * lookup.c
 *		Look-ups by actors with a standing permission: "which customer is calling?"
 *
 * Conditions become security quals of their relation, followed by found(), which makes the
 * record.  So PostgreSQL applies the conditions before a user's function can tell anything
 * about the row, and applies found() only to rows that the conditions accept.
 *
 * A point look-up is one comparison by =, whose answer "no" tells next to nothing about a row.
 * Any other condition is a search.  Before it stands compared(), which notes each row that is
 * read: "id = 42 AND phone ~ '^01'", asked ten times, is a reading of customer 42.  So a search
 * reads the rows, and it reads them after all harmless conditions that choose rows by other
 * columns.  By an index of the guarded column it would read only those that it finds.  It may
 * use one if it is alone (alone.h), because then it compares the whole table.
 *
 * A range or a LIKE, with other conditions beside it, may use an index as it always could: it
 * records whom it finds, and not whom it compares (docs/limits.md).
 *
 * harmless.c says which conditions can be a search: those that can only compare.  They are
 * taken only from the WHERE of a SELECT, for a relation that no outer join can extend with
 * nulls: there a condition on the relation is equal to the same condition on the join.  All
 * other comparisons use reveal(), and are correct, but slow.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/site.h"
#include "compat.h"
#include "plan/alone.h"
#include "plan/calls.h"
#include "plan/harmless.h"
#include "plan/lookup.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/rtemark.h"

/* An IN with more values could halve what a value may be. */
#define POINT_VALUES 100

struct Conditions;

static void add_inner(Node *node, Bitmapset **inner);
static Var *bare_column(Node *node);
static bool is_good_pattern(Oid opno, Node *pattern);
static Var *compared_column(Node *node);
static bool has_few_values(const Node *array);
static int	rank(const Node *comparison);
static bool is_point(const Node *comparison);
static bool is_guarded_relation(Query *query, Index rti);
static bool takes(Query *query, const Bitmapset *inner, Node *condition, CgHarmless *reads, Bitmapset **guarded);
static Node *best_comparison(List *searches);
static bool are_comparisons(List *searches);
static CgLookup *decide_lookup(Query *query, List *around, Index rti, const struct Conditions *conditions);
static bool take_search_number(CgLookup *lookup, int *searches);
static struct Conditions *sort_conditions(Query *query, List *conditions);
static void put_search(RangeTblEntry *rte, const CgLookup *lookup, const Var *key, CgSite site);

/* Adds the relations that no outer join extends with nulls. */
static void
add_inner(Node *node, Bitmapset **inner)
{
	ListCell   *lc;

	if (IsA(node, RangeTblRef))
		*inner = bms_add_member(*inner, ((RangeTblRef *) node)->rtindex);
	else if (IsA(node, FromExpr))
	{
		foreach(lc, ((FromExpr *) node)->fromlist)
			add_inner(lfirst(lc), inner);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		if (join->jointype == JOIN_INNER || join->jointype == JOIN_LEFT)
			add_inner(join->larg, inner);
		if (join->jointype == JOIN_INNER || join->jointype == JOIN_RIGHT)
			add_inner(join->rarg, inner);
	}
}

/* LIKE throws for an escape at the end of a pattern, but only for values that match so far. */
static bool
is_good_pattern(Oid opno, Node *pattern)
{
	char	   *like;
	int			escapes = 0;

	if ((opno != OID_TEXT_LIKE_OP && opno != OID_BPCHAR_LIKE_OP) || !IsA(pattern, Const) ||
		((Const *) pattern)->constisnull || ((Const *) pattern)->consttype != TEXTOID)
		return false;
	like = TextDatumGetCString(((Const *) pattern)->constvalue);
	for (size_t length = strlen(like); length > 0 && like[length - 1] == '\\'; length--)
		escapes++;
	return escapes % 2 == 0;
}

static Var *
bare_column(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (!IsA(node, Var) || ((Var *) node)->varlevelsup > 0 || ((Var *) node)->varattno <= 0)
		return NULL;
	return (Var *) node;
}

/* The column in: column op expression, expression op column, column = ANY (expression) */
static Var *
compared_column(Node *node)
{
	List	   *args;
	Oid			opno;
	Var		   *column;
	Node	   *other;

	if (IsA(node, OpExpr))
	{
		args = ((OpExpr *) node)->args;
		opno = ((OpExpr *) node)->opno;
	}
	else if (IsA(node, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) node)->useOr)
	{
		args = ((ScalarArrayOpExpr *) node)->args;
		opno = ((ScalarArrayOpExpr *) node)->opno;
	}
	else
		return NULL;
	if (list_length(args) != 2 ||
		!(cg_harmless_is_comparison(opno) || (IsA(node, OpExpr) && is_good_pattern(opno, lsecond(args)))))
		return NULL;
	column = bare_column(linitial(args));
	other = lsecond(args);
	if (column == NULL && IsA(node, OpExpr))
	{
		column = bare_column(lsecond(args));
		other = linitial(args);
	}
	if (column == NULL || !cg_harmless_is_plain_type(column->vartype) || !cg_harmless_is_rowless(other))
		return NULL;
	/* By another collation many values may be equal to one. */
	if (OidIsValid(exprInputCollation(node)) && exprInputCollation(node) != column->varcollid &&
		!get_collation_isdeterministic(exprInputCollation(node)))
		return NULL;
	return column;
}

static bool
has_few_values(const Node *array)
{
	/* These do not change the number of values. */
	while (IsA(array, RelabelType) || IsA(array, ArrayCoerceExpr))
		array = (const Node *) (IsA(array, RelabelType) ? ((const RelabelType *) array)->arg : ((const ArrayCoerceExpr *) array)->arg);
	if (IsA(array, ArrayExpr))
		return !((const ArrayExpr *) array)->multidims && list_length(((const ArrayExpr *) array)->elements) <= POINT_VALUES;
	if (IsA(array, Const) && !((const Const *) array)->constisnull)
	{
		ArrayType  *values = DatumGetArrayTypeP(((const Const *) array)->constvalue);

		return ArrayGetNItems(ARR_NDIM(values), ARR_DIMS(values)) <= POINT_VALUES;
	}
	return false;
}

/* Comparisons that are likely to find fewer rows have a lower rank. */
static int
rank(const Node *comparison)
{
	List	   *interpretations;
	bool		any = IsA(comparison, ScalarArrayOpExpr);

	interpretations = get_op_index_interpretation(any ? ((const ScalarArrayOpExpr *) comparison)->opno :
												  ((const OpExpr *) comparison)->opno);
	if (interpretations == NIL)
		return 2;
	if (cg_compat_strategy((OpIndexInterpretation *) linitial(interpretations)) != BTEqualStrategyNumber)
		return 3;
	return any ? 1 : 0;
}

/* Is it a comparison by =, with few values? */
static bool
is_point(const Node *comparison)
{
	return rank(comparison) == 0 ||
		(rank(comparison) == 1 && has_few_values(lsecond(((const ScalarArrayOpExpr *) comparison)->args)));
}

static bool
is_guarded_relation(Query *query, Index rti)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	const CgPolicy *policy = rte->rtekind == RTE_RELATION ? cg_policy_get(rte->relid) : NULL;

	return policy && !policy->broken;
}

/* Is the condition harmless, and does it read a guarded relation?  *guarded: such columns. */
static bool
takes(Query *query, const Bitmapset *inner, Node *condition, CgHarmless *reads, Bitmapset **guarded)
{
	const CgPolicy *policy;

	*reads = (CgHarmless) {0};
	if (!cg_harmless_condition(condition, reads) || !bms_is_member(reads->rti, inner) ||
		!is_guarded_relation(query, reads->rti))
		return false;
	policy = cg_policy_get(rt_fetch(reads->rti, query->rtable)->relid);
	for (int i = 0; i < policy->nguarded; i++)
		if (bms_is_member(policy->guarded[i].attnum, reads->columns))
			*guarded = bms_add_member(*guarded, policy->guarded[i].attnum);
	return bms_is_empty(*guarded) || reads->compares;
}

/* What the query's conditions are to one relation. */
typedef struct Conditions
{
	List	   *searches;		/* those that read guarded columns */
	List	   *others;			/* harmless ones that read none */
	Bitmapset  *guarded;		/* the columns of "searches" */
} Conditions;

/* The best comparison that can use an index by itself; NULL: there is none. */
static Node *
best_comparison(List *searches)
{
	Node	   *best = NULL;
	ListCell   *lc;

	foreach(lc, searches)
		if (compared_column(lfirst(lc)) && (best == NULL || rank(lfirst(lc)) < rank(best)))
			best = lfirst(lc);
	return best;
}

/* Are all of them such comparisons? */
static bool
are_comparisons(List *searches)
{
	ListCell   *lc;

	foreach(lc, searches)
		if (compared_column(lfirst(lc)) == NULL)
			return false;
	return true;
}

/* How the relation is looked up by its conditions, or NULL. */
static CgLookup *
decide_lookup(Query *query, List *around, Index rti, const Conditions *conditions)
{
	CgLookup   *lookup = palloc0(sizeof(CgLookup));
	Node	   *best = best_comparison(conditions->searches);
	bool		widens = cg_alone_only_widens(conditions->searches, conditions->guarded);
	Bitmapset  *columns = conditions->guarded;
	int			column = -1;

	lookup->rti = rti;
	lookup->conditions = conditions->searches;
	if (widens && (best == NULL || !is_point(best)) &&
		list_length(conditions->searches) == list_length(make_ands_implicit((Expr *) query->jointree->quals)) &&
		cg_alone_is(query, around, rti))
		lookup->kind = CG_LOOKUP_ALONE;
	else if (best && !(widens && !is_point(best) && are_comparisons(conditions->searches)))
	{
		/* The others are applied with reveal() to the rows that this one finds. */
		lookup->kind = is_point(best) ? CG_LOOKUP_POINT : CG_LOOKUP_BY_INDEX;
		lookup->conditions = list_make1(best);
		columns = bms_make_singleton(compared_column(best)->varattno);
	}
	else if (best)
		lookup->kind = CG_LOOKUP_BY_INDEX;
	else if (widens)
	{
		lookup->kind = CG_LOOKUP_BY_ROW;
		lookup->before = conditions->others;
	}
	else
		return NULL;
	while ((column = bms_next_member(columns, column)) > 0)
		lookup->attnums = lappend_int(lookup->attnums, column);
	return lookup;
}

/* False for a search when the statement has too many. */
static bool
take_search_number(CgLookup *lookup, int *searches)
{
	if (lookup->kind != CG_LOOKUP_ALONE && lookup->kind != CG_LOOKUP_BY_ROW)
		return true;
	if (*searches == CG_SITE_SEARCHES)
		return false;
	lookup->number = ++*searches;
	return true;
}

/* Sorts the conditions of the query's WHERE: an array by the number of the relation. */
static Conditions *
sort_conditions(Query *query, List *conditions)
{
	Conditions *sorted = palloc0(sizeof(Conditions) * (list_length(query->rtable) + 1));
	Bitmapset  *inner = NULL;
	ListCell   *lc;

	add_inner((Node *) query->jointree, &inner);
	foreach(lc, conditions)
	{
		CgHarmless	reads;
		Bitmapset  *guarded = NULL;

		if (!takes(query, inner, lfirst(lc), &reads, &guarded))
			continue;
		if (bms_is_empty(guarded))
			sorted[reads.rti].others = lappend(sorted[reads.rti].others, lfirst(lc));
		else
			sorted[reads.rti].searches = lappend(sorted[reads.rti].searches, lfirst(lc));
		sorted[reads.rti].guarded = bms_union(sorted[reads.rti].guarded, guarded);
	}
	return sorted;
}

bool
cg_lookup_present(Query *query)
{
	Conditions *sorted;

	if (query->commandType != CMD_SELECT || query->jointree->quals == NULL)
		return false;
	sorted = sort_conditions(query, make_ands_implicit((Expr *) query->jointree->quals));
	for (Index rti = 1; rti <= list_length(query->rtable); rti++)
		if (sorted[rti].searches != NIL)
			return true;
	return false;
}

List *
cg_lookup_take(Query *query, List *around, int *searches)
{
	List	   *conditions = make_ands_implicit((Expr *) query->jointree->quals);
	Conditions *sorted = sort_conditions(query, conditions);
	List	   *lookups = NIL;
	ListCell   *lc;

	for (Index rti = 1; rti <= list_length(query->rtable); rti++)
	{
		CgLookup   *lookup = NULL;

		if (sorted[rti].searches != NIL && cg_planassume_permitted(rt_fetch(rti, query->rtable)->relid))
			lookup = decide_lookup(query, around, rti, &sorted[rti]);
		if (lookup && take_search_number(lookup, searches))
			lookups = lappend(lookups, lookup);
	}
	foreach(lc, lookups)
	{
		conditions = list_difference_ptr(conditions, ((CgLookup *) lfirst(lc))->conditions);
		conditions = list_difference_ptr(conditions, ((CgLookup *) lfirst(lc))->before);
	}
	if (lookups != NIL)
		query->jointree->quals = conditions == NIL ? NULL : (Node *) make_ands_explicit(conditions);
	return lookups;
}

/*
 * compared() must come before the conditions of the search, whatever PostgreSQL thinks of these:
 * it applies what is leakproof first.  So it is CASE WHEN compared() THEN conditions ELSE false
 * END.  That cannot use an index.  Where it may, all conditions stand at the first level of
 * security, at which PostgreSQL sorts by cost, and compared() says that it costs nothing.
 */
static void
put_search(RangeTblEntry *rte, const CgLookup *lookup, const Var *key, CgSite site)
{
	Node	   *conditions = (Node *) make_ands_explicit(lookup->conditions);

	if (lookup->kind == CG_LOOKUP_ALONE)
	{
		site.flags |= CG_SITE_FIRST;
		conditions = (Node *) make_ands_explicit(lcons(cg_calls_test("compared", (Var *) key, site), list_copy(lookup->conditions)));
	}
	if (lookup->before != NIL)
		rte->securityQuals = lappend(rte->securityQuals, make_ands_explicit(lookup->before));
	if (lookup->kind == CG_LOOKUP_BY_ROW)
	{
		CaseExpr   *search = makeNode(CaseExpr);
		CaseWhen   *when = makeNode(CaseWhen);

		when->expr = (Expr *) cg_calls_test("compared", (Var *) key, site);
		when->result = (Expr *) conditions;
		search->casetype = BOOLOID;
		search->args = list_make1(when);
		search->defresult = (Expr *) makeBoolConst(false, false);
		when->location = search->location = -1;
		conditions = (Node *) search;
	}
	rte->securityQuals = lappend(rte->securityQuals, conditions);
}

void
cg_lookup_put(Query *query, List *lookups, bool eager)
{
	static const CgAssumed assumed[] = {
		[CG_LOOKUP_POINT] = CG_ASSUMED_PERMITTED,
		[CG_LOOKUP_BY_INDEX] = CG_ASSUMED_PERMITTED,
		[CG_LOOKUP_ALONE] = CG_ASSUMED_SEARCHES_ALONE,
		[CG_LOOKUP_BY_ROW] = CG_ASSUMED_SEARCHES,
	};
	ListCell   *lc;

	foreach(lc, lookups)
	{
		CgLookup   *lookup = lfirst(lc);
		RangeTblEntry *rte = rt_fetch(lookup->rti, query->rtable);
		const CgPolicy *policy = cg_policy_get(rte->relid);
		CgSite		site = {rte->relid, linitial_int(lookup->attnums), (eager ? CG_SITE_EAGER : 0) | lookup->number << CG_SITE_SEARCH_SHIFT};
		Var		   *key = makeVar(lookup->rti, policy->customer, InvalidOid, -1, InvalidOid, 0);
		List	   *found = NIL;
		ListCell   *column;

		get_atttypetypmodcoll(rte->relid, key->varattno,
							  &key->vartype, &key->vartypmod, &key->varcollid);
		put_search(rte, lookup, key, site);
		foreach(column, lookup->attnums)
		{
			site.attnum = lfirst_int(column);
			found = lappend(found, cg_calls_test("found", key, site));
		}
		rte->securityQuals = lappend(rte->securityQuals, make_ands_explicit(found));
		cg_rtemark_set(rte, assumed[lookup->kind], lookup->attnums, NIL);
	}
}
