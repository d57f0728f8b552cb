/*
 * rowpolicy.c
 *		Hide mode: rows of customers without an open window do not exist.
 *
 * protect() turns row security on and forces it, and the hooks here add policies that
 * cannot be stored:
 * - a restrictive policy, key = ANY (open_customers(…)) AND visible(key, …).  An index
 *   can answer the first half.  The second half is evaluated for each remaining row, and
 *   looks again when the first is a second old.
 * - a permissive policy, which makes row security behave as before protect(): all rows
 *   for all roles if there was no row security, and for the owner if it was not forced.
 *   If the CRM creates permissive policies of its own, these decide, unless they existed
 *   before without being in force.
 *
 * An actor with a standing permission, or one that bypasses row security, sees all rows.
 * The planner hook decides that (planassume.h): with a condition "… OR is_permitted()" no
 * index could be used.
 *
 * Row security does not apply to a partition that is read directly, nor to foreign
 * tables; the owner can switch it off; and in a superuser's view or SECURITY DEFINER
 * function it applies to the superuser, not to the actor.  So the rewrite calls this file
 * for each entry, which adds a filter that is missing.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/typcache.h"

#include "base/objects.h"
#include "base/site.h"
#include "compat.h"
#include "plan/calls.h"
#include "plan/inline.h"
#include "plan/rowpolicy.h"
#include "policy/policy.h"
#include "policy/rtemark.h"
#include "read/around.h"

#define POLICY_NAME "contact_guard"

static row_security_policy_hook_type prev_restrictive = NULL;
static row_security_policy_hook_type prev_permissive = NULL;

static List *restrictive_policies(CmdType cmdtype, Relation relation);
static List *permissive_policies(CmdType cmdtype, Relation relation);
static RowSecurityPolicy *make_policy(bool permissive, Oid role, Node *qual);
static Node *make_filter(Oid relid, Index rti);
static Node *make_any(const Var *key, Oid relid);
static bool filter_walker(Node *node, void *context);
static void allow_returning(Query *query);
static bool is_foreign_key_check(const Query *query, RangeTblEntry *rte);

void
cg_rowpolicy_init(void)
{
	prev_restrictive = row_security_policy_hook_restrictive;
	row_security_policy_hook_restrictive = restrictive_policies;
	prev_permissive = row_security_policy_hook_permissive;
	row_security_policy_hook_permissive = permissive_policies;
}

/* A user who may INSERT may do so for any customer, since the values are the user's own. */
static List *
restrictive_policies(CmdType cmdtype, Relation relation)
{
	List	   *result = prev_restrictive ? prev_restrictive(cmdtype, relation) : NIL;
	const CgPolicy *policy = cg_policy_get(RelationGetRelid(relation));

	if (policy == NULL || !policy->hide || cmdtype == CMD_INSERT)
		return result;
	return lappend(result, make_policy(false, ACL_ID_PUBLIC,
									   make_filter(RelationGetRelid(relation), 1)));
}

static List *
permissive_policies(CmdType cmdtype, Relation relation)
{
	List	   *result = prev_permissive ? prev_permissive(cmdtype, relation) : NIL;
	const CgPolicy *policy = cg_policy_get(RelationGetRelid(relation));
	bool		has_own = false;
	ListCell   *lc;

	if (policy == NULL || policy->row_security == CG_ROW_SECURITY_FORCED)
		return result;
	foreach(lc, relation->rd_rsdesc ? relation->rd_rsdesc->policies : NIL)
	{
		RowSecurityPolicy *stored = lfirst(lc);

		has_own |= stored->permissive &&
			strcmp(stored->policy_name, CG_POLICY_NO_ROWS) != 0;
	}
	if (policy->row_security == CG_ROW_SECURITY_DORMANT ||
		(policy->row_security == CG_ROW_SECURITY_OFF && !has_own))
		return lappend(result, make_policy(true, ACL_ID_PUBLIC, makeBoolConst(true, false)));
	return lappend(result, make_policy(true, relation->rd_rel->relowner, makeBoolConst(true, false)));
}

static RowSecurityPolicy *
make_policy(bool permissive, Oid role, Node *qual)
{
	RowSecurityPolicy *policy = palloc0(sizeof(RowSecurityPolicy));
	Datum		roles = ObjectIdGetDatum(role);

	policy->policy_name = pstrdup(POLICY_NAME);
	policy->polcmd = '*';
	policy->roles = construct_array(&roles, 1, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
	policy->permissive = permissive;
	policy->qual = (Expr *) qual;
	policy->hassublinks = false;
	return policy;
}

/* With a broken policy the customers are not known, so no rows exist. */
static Node *
make_filter(Oid relid, Index rti)
{
	const CgPolicy *policy = cg_policy_get(relid);
	CgSite		site = {relid, policy->customer, 0};
	Var		   *key;

	if (policy->broken)
		return makeBoolConst(false, false);
	key = makeVar(rti, policy->customer, InvalidOid, -1, InvalidOid, 0);
	get_atttypetypmodcoll(relid, key->varattno, &key->vartype, &key->vartypmod, &key->varcollid);
	return (Node *) makeBoolExpr(AND_EXPR,
								 list_make2(make_any(key, relid),
											cg_calls_test("visible", key, site)), -1);
}

/* key = ANY (open_customers(NULL::type, site)) */
static Node *
make_any(const Var *key, Oid relid)
{
	CgSite		site = {relid, key->varattno, 0};
	Oid			type = getBaseType(key->vartype);
	Oid			element = type == VARCHAROID ? TEXTOID : type;
	Node	   *operand = (Node *) copyObject(unconstify(Var *, key));
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);

	if (key->vartype != element)
		operand = (Node *) makeRelabelType((Expr *) operand, element, -1, key->varcollid,
										   COERCE_IMPLICIT_CAST);
	any->opno = lookup_type_cache(element, TYPECACHE_EQ_OPR)->eq_opr;
	any->opfuncid = get_opcode(any->opno);
	any->useOr = true;
	any->inputcollid = key->varcollid;
	any->args = list_make2(operand,
						   makeFuncExpr(cg_objects_function("open_customers"), get_array_type(element),
										list_make2(makeNullConst(element, -1, key->varcollid),
												   cg_calls_site(site)),
										key->varcollid, key->varcollid, COERCE_EXPLICIT_CALL));
	any->location = -1;
	return (Node *) any;
}

bool
cg_rowpolicy_is_filter(const Node *node, Oid *relid)
{
	const FuncExpr *call = (const FuncExpr *) node;
	const Const *site;

	if (IsA(node, ScalarArrayOpExpr))
		call = lsecond(((const ScalarArrayOpExpr *) node)->args);
	if (!IsA(call, FuncExpr) || list_length(call->args) != 2)
		return false;
	site = lsecond(call->args);
	if (!IsA(site, Const) || site->consttype != cg_objects_site_type() ||
		call->funcid != cg_objects_function(IsA(node, FuncExpr) ? "visible" : "open_customers"))
		return false;
	*relid = cg_site_unpack(DatumGetInt64(site->constvalue)).relid;
	return true;
}

static bool
filter_walker(Node *node, void *context)
{
	Oid			relid;

	if (node == NULL)
		return false;
	return ((IsA(node, FuncExpr) || IsA(node, ScalarArrayOpExpr)) &&
			cg_rowpolicy_is_filter(node, &relid)) ||
		expression_tree_walker(node, filter_walker, context);
}

/*
 * As in row security itself, the checks of foreign keys, which run as the table's owner,
 * see all rows.
 */
static bool
is_foreign_key_check(const Query *query, RangeTblEntry *rte)
{
	Oid			role = cg_compat_check_as_user(query, rte);

	return cg_around_is_foreign_key_check(false) && cg_inline_planning() == 0 &&
		object_ownercheck(RelationRelationId, rte->relid, OidIsValid(role) ? role : GetUserId());
}

/*
 * With RETURNING, row security applies the policies for SELECT to the new row, which the
 * writer has just made, for any customer.  So our check is removed.  For the row that ON
 * CONFLICT finds there are checks of another kind.
 */
static void
allow_returning(Query *query)
{
	ListCell   *lc;

	foreach(lc, query->withCheckOptions)
	{
		WithCheckOption *option = lfirst_node(WithCheckOption, lc);

		if (option->kind == WCO_RLS_INSERT_CHECK && filter_walker(option->qual, NULL))
			query->withCheckOptions = foreach_delete_current(query->withCheckOptions, lc);
	}
}

bool
cg_rowpolicy_require(Query *query, Index rti)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);

	if (query->commandType == CMD_INSERT && rti == query->resultRelation)
		allow_returning(query);
	if (is_foreign_key_check(query, rte))
		return false;
	if (filter_walker((Node *) rte->securityQuals, NULL) ||
		(rti == query->resultRelation && filter_walker((Node *) query->withCheckOptions, NULL)))
		return true;
	if (query->commandType != CMD_INSERT || rti != query->resultRelation)
		rte->securityQuals = lcons(make_filter(rte->relid, rti), rte->securityQuals);
	else if (query->onConflict && query->onConflict->action == ONCONFLICT_UPDATE)
	{
		WithCheckOption *option = makeNode(WithCheckOption);

		option->kind = WCO_RLS_CONFLICT_CHECK;
		option->relname = get_rel_name(rte->relid);
		option->polname = pstrdup(POLICY_NAME);
		option->qual = make_filter(rte->relid, rti);
		query->withCheckOptions = lappend(query->withCheckOptions, option);
	}
	return true;
}

/*
 * PostgreSQL before 15.19 evaluates the WHERE of ON CONFLICT before it checks whether the
 * existing row is visible to the actor.  So the condition becomes CASE WHEN visible THEN
 * condition ELSE true END: for a hidden row, row security then throws its error.
 */
void
cg_rowpolicy_guard_conflict(Query *query)
{
	RangeTblEntry *rte = rt_fetch(query->resultRelation, query->rtable);
	OnConflictExpr *conflict = query->onConflict;
	CaseExpr   *guarded;
	CaseWhen   *when;
	CgMark		mark;

	if (conflict->onConflictWhere == NULL || !cg_rtemark_get(rte, &mark) ||
		mark.assumed != CG_ASSUMED_SEES_OPEN)
		return;
	when = makeNode(CaseWhen);
	when->expr = (Expr *) make_filter(rte->relid, query->resultRelation);
	when->result = (Expr *) conflict->onConflictWhere;
	when->location = -1;
	guarded = makeNode(CaseExpr);
	guarded->casetype = BOOLOID;
	guarded->args = list_make1(when);
	guarded->defresult = (Expr *) makeBoolConst(true, false);
	guarded->location = -1;
	conflict->onConflictWhere = (Node *) guarded;
}
