/*
 * references.c
 *		The rewrite of a query's expressions.
 *
 * rewrite.c lists the expressions that are not rewritten.  A kind of node that known.c
 * does not name is an error.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "read/called.h"
#include "read/inserts.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/site.h"
#include "compat.h"
#include "plan/calls.h"
#include "plan/known.h"
#include "plan/rewrite_private.h"
#include "plan/rowpolicy.h"
#include "plan/wholerow.h"
#include "plan/writers.h"
#include "policy/planassume.h"
#include "policy/policy.h"

static bool finds_writers(const RewriteContext *context);
static Node *rewrite_write(Node *node, RewriteContext *context);
static bool chooses_parts(const Node *node);
static Node *rewrite_choice(Node *node, RewriteContext *context);
static bool note_function(Oid function, void *walk);
static void note_called(Node *node, RewriteContext *context);
static void rewrite_action(MergeAction *action, RewriteContext *context);
static Node *rewrite_assigned(Var *var, RewriteContext *context);
static Node *rewrite_var(Var *var, RewriteContext *context);
static Node *rewrite_column(Var *var, RewriteContext *context);
static Node *rewrite_whole_row(Var *var, RangeTblEntry *rte, RewriteContext *context);
static bool is_void_filter(const Node *node);
static bool is_own_value(const Query *query, const Var *var);
static const CgPolicy *sound_policy(const RangeTblEntry *rte, AttrNumber attnum);
static bool may_be_own(const RangeTblEntry *rte);
static Node *make_reveal(Var *var, RangeTblEntry *rte, RewriteContext *context);
static bool is_self_assignment(const Query *query, const TargetEntry *target);

Node *
cg_references_rewrite(Node *node, RewriteContext *context)
{
	if (node == NULL)
		return NULL;
	if (finds_writers(context) && (context->place.decides || context->place.written))
		note_called(node, context);
	switch ((int) nodeTag(node))
	{
		case T_Query:
			{
				bool		ordered = context->place.ordered;

				/* ARRAY(SELECT …) keeps the order; whether a CTE's order is used is not known. */
				context->place.ordered = true;
				cg_rewrite_subquery((Query *) node, context);
				context->place.ordered = ordered;
				return node;
			}
		case T_Var:
			return rewrite_var((Var *) node, context);
		case T_FuncExpr:
			if (is_void_filter(node))
				return makeBoolConst(true, false);
			/* A notification is not stored. */
			if (((FuncExpr *) node)->funcid != F_PG_NOTIFY &&
				cg_writers_is_one(((FuncExpr *) node)->funcid))
				return rewrite_write(node, context);
			break;
		case T_ScalarArrayOpExpr:
			if (is_void_filter(node))
				return makeBoolConst(true, false);
			break;
			/* Some parts of these decide which other parts are computed. */
		case T_BoolExpr:
		case T_CaseExpr:
		case T_CoalesceExpr:
		case T_Aggref:
		case T_WindowFunc:
		case T_JsonExpr:
			if (finds_writers(context) && !context->place.decides && chooses_parts(node) &&
				cg_writers_may_be_reached(node))
				return rewrite_choice(node, context);
			break;
		case T_MergeAction:
			rewrite_action((MergeAction *) node, context);
			return node;
		case T_SubscriptingRef:
			{
				SubscriptingRef *ref = (SubscriptingRef *) node;
				Expr	   *container = ref->refexpr;

				if (ref->refassgnexpr == NULL || !IsA(container, Var))
					break;
				ref->refexpr = NULL;
				ref = (SubscriptingRef *)
					expression_tree_mutator((Node *) ref, cg_references_rewrite, context);
				ref->refexpr = container;
				return (Node *) ref;
			}
		case T_FieldStore:
			{
				FieldStore *store = (FieldStore *) node;
				Expr	   *container = store->arg;

				if (!IsA(container, Var))
					break;
				store->arg = NULL;
				store = (FieldStore *)
					expression_tree_mutator((Node *) store, cg_references_rewrite, context);
				store->arg = container;
				return (Node *) store;
			}
		default:
			if (!context->bare)
				cg_known_require(node);
			break;
	}
	return expression_tree_mutator(node, cg_references_rewrite, context);
}

/*
 * Among assignments in which assigned.c excepts some reads, only functions that the query
 * names count: COALESCE(valid(x), phone) must keep the stored value.
 */
static bool
finds_writers(const RewriteContext *context)
{
	return context->may_write || (context->assigned.kept == NIL && context->assigned.fields == NIL);
}

/* The arguments of a writing function, as in setval(…, phone). */
static Node *
rewrite_write(Node *node, RewriteContext *context)
{
	RewritePlace saved = context->place;

	context->place.flows = context->place.stores = context->place.written = true;
	node = expression_tree_mutator(node, cg_references_rewrite, context);
	context->place = saved;
	return node;
}

static bool
chooses_parts(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return ((BoolExpr *) node)->boolop != NOT_EXPR;
		case T_Aggref:
			return ((Aggref *) node)->aggfilter || ((Aggref *) node)->aggdistinct != NIL;
		case T_WindowFunc:
			return ((WindowFunc *) node)->aggfilter != NULL;
		default:
			return true;
	}
}

/* A choice between calls, as in CASE WHEN phone IS NULL THEN purge(id) END. */
static Node *
rewrite_choice(Node *node, RewriteContext *context)
{
	RewritePlace saved = context->place;

	context->place.decides = true;
	node = expression_tree_mutator(node, cg_references_rewrite, context);
	context->place = saved;
	return node;
}

static bool
note_function(Oid function, void *walk)
{
	RewriteContext *context = walk;
	int			kind = context->place.by_rows ? CG_CALLED_ROWS : CG_CALLED_CHOOSES;
	ListCell   *lc;

	if (function < FirstNormalObjectId)
		return false;
	if (context->place.written || context->writer)
		kind |= CG_CALLED_STORED;
	foreach(lc, cg_writers_called_by(function))
	{
		if (!cg_writers_may_read(lfirst_oid(lc)))
			continue;
		context->result.called = lappend_oid(context->result.called, lfirst_oid(lc));
		context->result.called_kinds = lappend_int(context->result.called_kinds, kind);
	}
	return false;
}

/* Notes functions that may read, if their results decide what the query does. */
static void
note_called(Node *node, RewriteContext *context)
{
	(void) check_functions_in_node(node, note_function, context);
	if (IsA(node, FuncExpr))
		context->place.by_rows = false;
}

static void
rewrite_action(MergeAction *action, RewriteContext *context)
{
	RewritePlace saved = context->place;

	context->place.flows = false;
	context->place.decides = true;
	action->qual = cg_references_rewrite(action->qual, context);
	context->place = saved;
	if (action->commandType == CMD_UPDATE)
		action->targetList =
			cg_references_rewrite_assignments(action->targetList, linitial(context->queries), context);
	else
		action->targetList = (List *) cg_references_rewrite((Node *) action->targetList, context);
}

/* Is it our row filter, and does the actor see all rows? */
static bool
is_void_filter(const Node *node)
{
	Oid			relid;

	return cg_rowpolicy_is_filter(node, &relid) && cg_planassume_sees_all(relid);
}

/* Is it a value that the same statement has made: in EXCLUDED, or the row of an INSERT? */
static bool
is_own_value(const Query *query, const Var *var)
{
	const OnConflictExpr *conflict = query->onConflict;

	if (query->commandType != CMD_INSERT)
		return false;
	if (conflict && conflict->action == ONCONFLICT_UPDATE)
		return var->varno == conflict->exclRelIndex;
	return var->varno == query->resultRelation;
}

/* A read that assigned.c has found. */
static Node *
rewrite_assigned(Var *var, RewriteContext *context)
{
	RewritePlace saved = context->place;
	Node	   *result;

	context->place.flows = false;
	if (list_member_ptr(context->assigned.fields, var))
		context->place.decides = false;
	result = rewrite_column(var, context);
	context->place = saved;
	return result;
}

static Node *
rewrite_var(Var *var, RewriteContext *context)
{
	if (list_member_ptr(context->assigned.kept, var) || list_member_ptr(context->assigned.fields, var))
		return rewrite_assigned(var, context);
	return rewrite_column(var, context);
}

static Node *
rewrite_column(Var *var, RewriteContext *context)
{
	Query	   *query = list_nth_node(Query, context->queries, var->varlevelsup);
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
	const CgPolicy *policy;

	if (context->place.decides || (context->place.flows && context->place.stores))
		cg_uses_note(context, var);
	if ((int) rte->rtekind == RTE_GROUP)
		cg_groups_note(context, rte, var->varattno);
	/* System columns hold no guarded values. */
	if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_NAMEDTUPLESTORE) ||
		var->varattno < 0 || !OidIsValid(rte->relid))
		return (Node *) var;
	policy = cg_policy_get(rte->relid);
	if (policy == NULL || is_own_value(query, var))
		return (Node *) var;
	if (var->varattno != InvalidAttrNumber && cg_policy_column(policy, var->varattno) == NULL)
		return (Node *) var;
	/* In such a query the Var may mean the null of another set, but the planner sees a value. */
	if (var->varlevelsup > 0 && query->groupingSets)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("relation \"%s\" has guarded columns, and cannot be used in a sub-select of a query with grouping sets",
						get_rel_name(rte->relid)),
				 errhint("Group in a subquery in FROM.")));
	if (var->varattno == InvalidAttrNumber)
		return rewrite_whole_row(var, rte, context);
	return make_reveal(var, rte, context);
}

static Node *
rewrite_whole_row(Var *var, RangeTblEntry *rte, RewriteContext *context)
{
	RowExpr    *row = cg_wholerow_expand(var, rte);
	ListCell   *lc;

	foreach(lc, row->args)
		if (IsA(lfirst(lc), Var))
			lfirst(lc) = rewrite_var(lfirst(lc), context);
	return cg_wholerow_or_null(row, var, rte);
}

/* The policy of a relation; ERROR if it is broken. */
static const CgPolicy *
sound_policy(const RangeTblEntry *rte, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(rte->relid);

	if (policy->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded column \"%s\" of relation \"%s\" cannot be used: its policy is broken",
						get_attname(rte->relid, attnum, false), get_rel_name(rte->relid)),
				 errdetail("In that relation, %s.", policy->broken),
				 errhint("An owner of the policy can mend it with contact_guard.protect().")));
	return policy;
}

/* May the actor have inserted rows of this entry?  See inserts.h. */
static bool
may_be_own(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_RELATION && rte->relkind == RELKIND_RELATION && cg_inserts_were_in(rte->relid);
}

static Node *
make_reveal(Var *var, RangeTblEntry *rte, RewriteContext *context)
{
	CgSite		site = {rte->relid, var->varattno, 0};

	if (rte->rtekind == RTE_NAMEDTUPLESTORE)
		site.flags |= CG_SITE_TRANSITION;
	if (context->place.flows)
		site.flags |= CG_SITE_FLOWS;
	if (context->place.stores)
		site.flags |= CG_SITE_STORES;
	if (context->place.to_guarded)
		site.flags |= CG_SITE_GUARDED;
	if (context->place.decides)
		site.flags |= CG_SITE_DECIDES;
	if (context->place.writes || context->writer)
		site.flags |= CG_SITE_WRITES;
	if (context->place.orders)
		site.flags |= CG_SITE_ORDERS;
	if (context->eager)
		site.flags |= CG_SITE_EAGER;
	context->result.found = true;
	return cg_calls_reveal(var, sound_policy(rte, var->varattno), site, may_be_own(rte));
}

static bool
is_self_assignment(const Query *query, const TargetEntry *target)
{
	const Var  *var = (const Var *) target->expr;

	return IsA(var, Var) && var->varno == query->resultRelation && var->varlevelsup == 0 &&
		var->varattno == target->resno;
}

/*
 * Assignments to columns of an existing row.  A value for a guarded column, or for the
 * customer key, is rewritten itself and then passes keep().  Otherwise a technician could
 * assign a row to a customer with an open window, and read it.
 */
List *
cg_references_rewrite_assignments(List *targets, Query *query, RewriteContext *context)
{
	RangeTblEntry *rte = rt_fetch(query->resultRelation, query->rtable);
	RewritePlace saved = context->place;
	CgAssigned	around = context->assigned;
	ListCell   *lc;

	if (cg_policy_get(rte->relid))
		context->assigned = cg_assigned_find(query, targets);
	foreach(lc, targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		const CgPolicy *policy = cg_policy_get(rte->relid);
		bool		guarded = !target->resjunk && policy &&
			(cg_policy_column(policy, target->resno) || policy->customer == target->resno);

		/* For SET phone = phone keep() stores the old value in any case. */
		context->place.flows &= !(guarded && is_self_assignment(query, target));
		context->place.to_guarded = guarded && target->resno != policy->customer;
		target->expr = (Expr *) cg_references_rewrite((Node *) target->expr, context);
		context->place = saved;
		policy = cg_policy_get(rte->relid);
		if (guarded)
		{
			CgSite		site = {rte->relid, target->resno, 0};

			target->expr = (Expr *) cg_calls_keep(target->expr, query->resultRelation,
												  sound_policy(rte, target->resno), site, may_be_own(rte));
			context->result.found = true;
		}
	}
	context->assigned = around;
	return targets;
}
