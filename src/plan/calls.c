/*
 * calls.c
 *		Calls of our functions, as nodes of a query.
 *
 * The customer key is a copy of the column's Var with another attribute number.  So its
 * query level and relation stay right when the planner moves the call.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/objects.h"
#include "plan/calls.h"

static Var *key_var(const Var *var, const CgPolicy *policy);
static bool key_may_be_null(const CgPolicy *policy);
static Node *as_column(FuncExpr *call, const Var *var);
static List *add_place(List *args, const Var *var);
static bool is_reveal(Node *node, void *context);

static Var *
key_var(const Var *var, const CgPolicy *policy)
{
	Var		   *key = copyObject(unconstify(Var *, var));

	key->varattno = policy->customer;
	key->varattnosyn = policy->customer;
	get_atttypetypmodcoll(policy->relid, policy->customer,
						  &key->vartype, &key->vartypmod, &key->varcollid);
	return key;
}

/*
 * True even for a NOT NULL column if a child table may lack the constraint, or if the
 * rows come from a foreign server, which PostgreSQL does not check.
 */
static bool
key_may_be_null(const CgPolicy *policy)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(policy->relid),
										Int16GetDatum(policy->customer));
	char		relkind = get_rel_relkind(policy->relid);
	bool		notnull = HeapTupleIsValid(tuple) &&
		((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return !notnull || !(relkind == RELKIND_PARTITIONED_TABLE ||
						 (relkind == RELKIND_RELATION && !has_subclass(policy->relid)));
}

Const *
cg_calls_site(CgSite site)
{
	return makeConst(cg_objects_site_type(), -1, InvalidOid, sizeof(int64),
					 Int64GetDatum(cg_site_pack(site)), false, true);
}

static Node *
as_column(FuncExpr *call, const Var *var)
{
	RelabelType *relabel = makeRelabelType((Expr *) call, var->vartype, var->vartypmod,
										   var->varcollid, COERCE_IMPLICIT_CAST);

	call->location = var->location;
	relabel->location = var->location;
	return (Node *) relabel;
}

/* The functions are declared without these arguments, which only some calls have. */
static List *
add_place(List *args, const Var *var)
{
	Var		   *tableoid = copyObject(unconstify(Var *, var));
	Var		   *ctid = copyObject(unconstify(Var *, var));

	tableoid->varattno = tableoid->varattnosyn = TableOidAttributeNumber;
	tableoid->vartype = OIDOID;
	ctid->varattno = ctid->varattnosyn = SelfItemPointerAttributeNumber;
	ctid->vartype = TIDOID;
	tableoid->vartypmod = ctid->vartypmod = -1;
	tableoid->varcollid = ctid->varcollid = InvalidOid;
	return lappend(lappend(args, tableoid), ctid);
}

Node *
cg_calls_reveal(Var *var, const CgPolicy *policy, CgSite site, bool asks)
{
	List	   *args = list_make3(copyObject(var), key_var(var, policy), cg_calls_site(site));

	/* The strict function, if possible: the planner may then reduce outer joins as before. */
	const char *function = key_may_be_null(policy) ? "reveal_nullable" : "reveal";

	if (asks)
		args = add_place(args, var);
	return as_column(makeFuncExpr(cg_objects_function(function), var->vartype, args,
								  var->varcollid, var->varcollid, COERCE_EXPLICIT_CALL), var);
}

Node *
cg_calls_keep(Expr *value, Index rti, const CgPolicy *policy, CgSite site, bool asks)
{
	Var		   *column = makeVar(rti, site.attnum, InvalidOid, -1, InvalidOid, 0);
	List	   *args;

	get_atttypetypmodcoll(site.relid, site.attnum,
						  &column->vartype, &column->vartypmod, &column->varcollid);
	args = list_make4(value, column, key_var(column, policy), cg_calls_site(site));
	if (asks)
		args = add_place(args, column);
	return as_column(makeFuncExpr(cg_objects_function("keep"), column->vartype, args,
								  column->varcollid, column->varcollid, COERCE_EXPLICIT_CALL), column);
}

Node *
cg_calls_unmasked(List *args)
{
	return (Node *) makeFuncExpr(cg_objects_function("unmasked"), BOOLOID, args,
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

List *
cg_calls_note(Index rti, Oid relid, uint64 columns)
{
	CgSite		site = {relid, InvalidAttrNumber, 0};
	Var		   *ctid = makeVar(rti, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0);
	Const	   *set = makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum((int64) columns), false, true);

	return list_make4(ctid, cg_calls_site(site), set, cg_calls_site(site));
}

Node *
cg_calls_test(const char *function, Var *key, CgSite site)
{
	return (Node *) makeFuncExpr(cg_objects_function(function), BOOLOID,
								 list_make2(copyObject(key), cg_calls_site(site)),
								 InvalidOid, key->varcollid, COERCE_EXPLICIT_CALL);
}

static bool
is_reveal(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && (((FuncExpr *) node)->funcid == cg_objects_function("reveal") ||
								((FuncExpr *) node)->funcid == cg_objects_function("reveal_nullable")))
		return true;
	return expression_tree_walker(node, is_reveal, context);
}

bool
cg_calls_reveals(Expr *expression)
{
	return is_reveal((Node *) expression, NULL);
}

bool
cg_calls_may_move(Expr *expression)
{
	return !checkExprHasSubLink((Node *) expression) && !contain_volatile_functions((Node *) expression) &&
		!contain_aggs_of_level((Node *) expression, 0) && !contain_windowfuncs((Node *) expression);
}
