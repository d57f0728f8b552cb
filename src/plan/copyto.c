/*
 * copyto.c
 *		COPY table TO, which has no plan.
 *
 * PostgreSQL itself replaces it by COPY (SELECT … FROM ONLY table) TO if row security is
 * on.  Here the same is done if a column is guarded.  COPY of a table needs the same
 * privileges as the query.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/actor.h"
#include "base/objects.h"
#include "base/ownreplica.h"
#include "base/owntables.h"
#include "base/refused.h"
#include "compat.h"
#include "plan/copyto.h"
#include "policy/descend.h"
#include "policy/permission.h"
#include "policy/policy.h"

static ExecutorCheckPerms_hook_type prev_ExecutorCheckPerms = NULL;

static bool copyto_check_perms(CG_COMPAT_CHECK_PERMS_ARGS);
static pg_noinline bool check_copied(CG_COMPAT_CHECK_PERMS_ARGS);
static pg_noinline bool check_copied_into(CG_COMPAT_CHECK_PERMS_ARGS);
static bool is_number_by_default(Oid relid, AttrNumber attnum);
static bool brings_relayed(const CgRtePermission *permission, Oid of);
static bool must_be_query(Oid relid);
static void require_whole(Oid relid);
static bool may_read(Oid relid);
static bool is_restored_log(Oid relid);
static const char *value_of(const char *name);
static Node *whole_log(Relation restored, List *attlist);
static List *column_targets(Relation rel, List *attlist);
static ResTarget *column_target(const char *name);

static bool
is_restored_log(Oid relid)
{
	return OidIsValid(relid) && relid == cg_objects_relation("restored_log", true);
}

/* The expression that gives a column of restored_log: see CG_LOG_VALUE. */
static const char *
value_of(const char *name)
{
	static const char *const shared[] = {"relation", "columns", "count", "purpose", "reason", "identity"};

	if (strcmp(name, "login") == 0)
		return CG_LOG_LOGIN " AS login";
	for (int i = 0; i < lengthof(shared); i++)
		if (strcmp(name, shared[i]) == 0)
			return psprintf("coalesce(l.%s, c.%s) AS %s", name, name, name);
	return psprintf("l.%s", quote_identifier(name));
}

/*
 * A query of the whole log, with the columns that COPY names, or with all columns of
 * restored_log in their order.  It does not use view whole_log, since pg_dump forbids its
 * session to read views.
 */
static Node *
whole_log(Relation restored, List *attlist)
{
	TupleDesc	desc = RelationGetDescr(restored);
	StringInfoData values;
	StringInfoData columns;
	StringInfoData of_log;
	ListCell   *lc;

	initStringInfo(&values);
	initStringInfo(&columns);
	initStringInfo(&of_log);
	foreach(lc, attlist)
		appendStringInfo(&values, "%s%s", values.len > 0 ? ", " : "", value_of(strVal(lfirst(lc))));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = NameStr(att->attname);

		if (att->attisdropped)
			continue;
		appendStringInfo(&columns, "%s, ", quote_identifier(name));
		/* The log has no such column, since its value is the same for all rows. */
		appendStringInfo(&of_log, "%s, ", strcmp(name, "origin") == 0 ?
						 "contact_guard.journal_origin() AS origin" : quote_identifier(name));
		if (attlist == NIL)
			appendStringInfo(&values, "%s%s", values.len > 0 ? ", " : "", value_of(name));
	}
	/* A join within UNION ALL would be planned by itself, and read the log last. */
	return linitial_node(RawStmt, raw_parser(psprintf("SELECT %s FROM (SELECT %s common FROM contact_guard.log "
													  "UNION ALL SELECT %s NULL::pg_catalog.int4 FROM ONLY contact_guard.restored_log) l "
													  "LEFT JOIN contact_guard.log_common c ON " CG_LOG_JOINED,
													  values.data, of_log.data, columns.data),
											 RAW_PARSE_DEFAULT))->stmt;
}

void
cg_copyto_init(void)
{
	prev_ExecutorCheckPerms = ExecutorCheckPerms_hook;
	ExecutorCheckPerms_hook = copyto_check_perms;
}

/*
 * COPY checks privileges when it has opened its table.  That is the last moment to see
 * that the name means another table now.
 */
static bool
copyto_check_perms(CG_COMPAT_CHECK_PERMS_ARGS)
{
	if (cg_copystate_now()->bare)
		return check_copied(CG_COMPAT_CHECK_PERMS_PASS);
	if (OidIsValid(cg_copystate_now()->into))
		return check_copied_into(CG_COMPAT_CHECK_PERMS_PASS);
	if (prev_ExecutorCheckPerms)
		return prev_ExecutorCheckPerms(CG_COMPAT_CHECK_PERMS_PASS);
	return true;
}

static bool
check_copied(CG_COMPAT_CHECK_PERMS_ARGS)
{
	ListCell   *lc;

	if (prev_ExecutorCheckPerms && !prev_ExecutorCheckPerms(CG_COMPAT_CHECK_PERMS_PASS))
		return false;
	foreach(lc, CG_COMPAT_PERMISSIONS)
	{
		const CgRtePermission *permission = lfirst(lc);

		if (!cg_compat_is_permission(permission) ||
			!cg_compat_is_copied(get_rel_relkind(permission->relid)) ||
			!must_be_query(permission->relid))
			continue;
		if (!ereport_on_violation)
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the name of relation \"%s\" meant another relation when COPY began",
						get_rel_name(permission->relid)),
				 cg_refused_relation(permission->relid, InvalidAttrNumber),
				 errhint("Run it again.")));
	}
	return true;
}

/*
 * Could resolve() dial what a column gets that COPY does not name?  An INSERT is refused for such a
 * value, so COPY is.  A default that is not constant may give anything.
 */
static bool
is_number_by_default(Oid relid, AttrNumber attnum)
{
	Relation	rel = table_open(relid, NoLock);
	Node	   *value = TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated ? NULL : build_column_default(rel, attnum);
	bool		result = value != NULL;

	if (value)
		value = eval_const_expressions(NULL, value);
	if (value && IsA(value, Const))
	{
		const Const *given = (const Const *) value;

		result = !given->constisnull && strpbrk(TextDatumGetCString(given->constvalue), "0123456789") != NULL;
	}
	table_close(rel, NoLock);
	return result;
}

/* Does COPY FROM fill a column of this relation that is reached by relay, without permission? */
static bool
brings_relayed(const CgRtePermission *permission, Oid of)
{
	const CgPolicy *policy = cg_policy_get(of);
	CgActor		actor;

	for (int i = 0; policy && i < policy->nguarded; i++)
	{
		AttrNumber	attnum = policy->guarded[i].attnum;

		if (!policy->guarded[i].relay)
			continue;
		if (of != permission->relid)
			attnum = get_attnum(permission->relid, get_attname(of, attnum, false));
		if (!bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, permission->insertedCols) &&
			!is_number_by_default(permission->relid, attnum))
			continue;
		actor = cg_actor_current();
		return !cg_permission_of(&actor, cg_policy_get(of)).granted;
	}
	return false;
}

/* Rows of COPY FROM have no plan in which unmasked() could look at them: see inserted.c. */
static bool
check_copied_into(CG_COMPAT_CHECK_PERMS_ARGS)
{
	ListCell   *lc;

	if (prev_ExecutorCheckPerms && !prev_ExecutorCheckPerms(CG_COMPAT_CHECK_PERMS_PASS))
		return false;
	foreach(lc, CG_COMPAT_PERMISSIONS)
	{
		const CgRtePermission *permission = lfirst(lc);
		bool		brings;
		ListCell   *child;

		if (!cg_compat_is_permission(permission) || (permission->requiredPerms & ACL_INSERT) == 0)
			continue;
		brings = brings_relayed(permission, permission->relid);
		foreach(child, cg_descend_guarded(permission->relid))
			brings = brings || brings_relayed(permission, lfirst_oid(child));
		if (!brings)
			continue;
		if (!ereport_on_violation)
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a column of relation \"%s\" that is reached by relay cannot be written",
						get_rel_name(permission->relid)),
				 cg_refused_relation(permission->relid, InvalidAttrNumber),
				 errhint("Name the other columns in COPY, or use a role with a standing permission: see contact_guard.allow().")));
	}
	return true;
}

/* Would COPY of the table itself give values that a query does not show? */
static bool
must_be_query(Oid relid)
{
	return cg_policy_get(relid) != NULL || cg_policy_is_audited(relid) || cg_policy_is_statistics(relid);
}

/* Checked before we take a lock: a user whom COPY refuses must not make others wait. */
static bool
may_read(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
}

/*
 * PostgreSQL would refuse it, too, but its hint is NO FORCE ROW LEVEL SECURITY, which we
 * refuse.
 */
static void
require_whole(Oid relid)
{
	const CgPolicy *policy = cg_policy_get(relid);

	/* Not only for mode hide: a fallback also forces row security. */
	if (row_security || policy == NULL ||
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows of relation \"%s\" would be hidden from role \"%s\", and row_security is off",
					get_rel_name(relid), GetUserNameFromId(GetUserId(), false)),
			 cg_refused_relation(relid, InvalidAttrNumber),
			 errhint("To copy all rows, use a role with BYPASSRLS, SELECT on all tables (pg_read_all_data), and contact_guard.allow(..., level => 'bulk').")));
}

PlannedStmt *
cg_copyto_guard(PlannedStmt *pstmt, CgCopy *noted)
{
	CopyStmt   *copy = castNode(CopyStmt, pstmt->utilityStmt);
	Node	   *empty;
	SelectStmt *select;
	RangeVar   *from;
	Relation	rel;
	Oid			relid;

	empty = cg_ownreplica_empty_copy(copy);
	if (empty)
	{
		pstmt = copyObject(pstmt);
		copy = castNode(CopyStmt, pstmt->utilityStmt);
		copy->query = empty;
		copy->relation = NULL;
		copy->attlist = NIL;
		return pstmt;
	}
	noted->leaves = !copy->is_from && (copy->filename || copy->is_program);
	if (copy->relation == NULL || !OidIsValid(cg_objects_schema()))
		return pstmt;
	if (copy->is_from)
	{
		/* Takes COPY's own lock, as below.  On a standby that lock would be an error. */
		noted->into = RangeVarGetRelid(copy->relation, RecoveryInProgress() ? NoLock : RowExclusiveLock, true);
		noted->restores = is_restored_log(noted->into);
		return pstmt;
	}
	/*
	 * Takes the lock that COPY will take, and keeps it.  With its schema added, the name
	 * means the same table to COPY.
	 */
	noted->bare = true;
	relid = RangeVarGetRelid(copy->relation, NoLock, true);
	if (!OidIsValid(relid) || !may_read(relid))
		return pstmt;
	relid = RangeVarGetRelid(copy->relation, AccessShareLock, true);
	if (!OidIsValid(relid))
		return pstmt;
	/* If it cannot be copied as a table, COPY throws its own error. */
	if (!cg_compat_is_copied(get_rel_relkind(relid)) || !must_be_query(relid))
	{
		pstmt = copyObject(pstmt);
		copy = castNode(CopyStmt, pstmt->utilityStmt);
		copy->relation->schemaname = get_namespace_name(get_rel_namespace(relid));
		copy->relation->relname = get_rel_name(relid);
		return pstmt;
	}
	require_whole(relid);
	noted->bare = false;
	rel = table_open(relid, NoLock);
	pstmt = copyObject(pstmt);
	copy = castNode(CopyStmt, pstmt->utilityStmt);
	from = makeRangeVar(get_namespace_name(RelationGetNamespace(rel)), pstrdup(RelationGetRelationName(rel)), -1);
	from->inh = false;
	select = makeNode(SelectStmt);
	select->targetList = column_targets(rel, copy->attlist);
	select->fromClause = list_make1(from);
	copy->query = is_restored_log(relid) ? whole_log(rel, copy->attlist) : (Node *) select;
	table_close(rel, NoLock);
	copy->relation = NULL;
	copy->attlist = NIL;
	noted->relid = relid;
	return pstmt;
}

static ResTarget *
column_target(const char *name)
{
	ColumnRef  *column = makeNode(ColumnRef);
	ResTarget  *target = makeNode(ResTarget);

	column->fields = list_make1(makeString(pstrdup(name)));
	column->location = -1;
	target->val = (Node *) column;
	target->location = -1;
	return target;
}

/* The named columns, or all that COPY of a table copies, which excludes generated ones. */
static List *
column_targets(Relation rel, List *attlist)
{
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *targets = NIL;
	ListCell   *lc;

	foreach(lc, attlist)
		targets = lappend(targets, column_target(strVal(lfirst(lc))));
	if (attlist != NIL)
		return targets;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && !att->attgenerated)
			targets = lappend(targets, column_target(NameStr(att->attname)));
	}
	return targets;
}
