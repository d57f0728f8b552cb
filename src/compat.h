/*
 * compat.h
 *		The only place that knows PostgreSQL versions.
 *
 * Code is written for the newest supported PostgreSQL; what an older one lacks
 * is translated here.  A version that no test has run on is an error: this
 * library decides by the planner's data structures what a query may see, and
 * "probably the same as in 15" is not a decision.
 */
#ifndef CG_COMPAT_H
#define CG_COMPAT_H

#include "postgres.h"

#if (PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000) && !defined(CG_UNTESTED_VERSION)
#error "contact_guard has been tested with PostgreSQL 15 to 18 only"
#endif

#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "datatype/timestamp.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/guc_tables.h"

#if PG_VERSION_NUM >= 160000
#include "parser/parse_relation.h"
#include "utils/guc_hooks.h"
#include "varatt.h"
#endif

/* --- Privileges of range table entries: 16 has them in a list of their own --- */

#if PG_VERSION_NUM >= 160000
typedef RTEPermissionInfo CgRtePermission;

#define CG_COMPAT_CHECK_PERMS_ARGS List *rangeTable, List *permissions, bool ereport_on_violation
#define CG_COMPAT_CHECK_PERMS_PASS rangeTable, permissions, ereport_on_violation
#define CG_COMPAT_PERMISSIONS permissions
#define cg_compat_is_permission(permission) true

static inline Oid
cg_compat_check_as_user(const Query *query, RangeTblEntry *rte)
{
	return rte->perminfoindex == 0 ? InvalidOid :
		getRTEPermissionInfo(query->rteperminfos, rte)->checkAsUser;
}
#else
typedef RangeTblEntry CgRtePermission;

#define CG_COMPAT_CHECK_PERMS_ARGS List *rangeTable, bool ereport_on_violation
#define CG_COMPAT_CHECK_PERMS_PASS rangeTable, ereport_on_violation
#define CG_COMPAT_PERMISSIONS rangeTable
#define cg_compat_is_permission(permission) ((permission)->rtekind == RTE_RELATION)
#define cg_compat_check_as_user(query, rte) ((rte)->checkAsUser)
#endif

/* --- Checks of privileges: 15 has a function for each class of objects --- */

#if PG_VERSION_NUM < 160000
static inline bool
object_ownercheck(Oid class, Oid object, Oid role)
{
	switch (class)
	{
		case RelationRelationId:
			return pg_class_ownercheck(object, role);
		case DatabaseRelationId:
			return pg_database_ownercheck(object, role);
		default:
			elog(ERROR, "no check of ownership for objects of class %u", class);
	}
}

static inline AclResult
object_aclcheck(Oid class, Oid object, Oid role, AclMode mode)
{
	switch (class)
	{
		case NamespaceRelationId:
			return pg_namespace_aclcheck(object, role, mode);
		case ProcedureRelationId:
			return pg_proc_aclcheck(object, role, mode);
		default:
			elog(ERROR, "no check of privileges for objects of class %u", class);
	}
}
#endif

/* 16 has memberships that do not let a role SET ROLE. */
#if PG_VERSION_NUM < 160000
#define member_can_set_role is_member_of_role
#endif

/* --- Settings --- */

/* All settings, sorted by name; not to be changed. */
static inline struct config_generic **
cg_compat_settings(int *count)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(count);
#else
	*count = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

#if PG_VERSION_NUM < 180000
#define VACUUM_COST_DELAY RESOURCES_VACUUM_DELAY
#endif

#if PG_VERSION_NUM < 160000
extern void assign_synchronous_commit(int newval, void *extra);
#endif

/* --- Scans --- */

#if PG_VERSION_NUM >= 180000
#define cg_compat_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#define cg_compat_is_virtual(attribute) ((attribute)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define cg_compat_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, nkeys, 0)
#define cg_compat_is_virtual(attribute) false
#endif

/* --- The executor, as ownrows.c uses it --- */

#if PG_VERSION_NUM >= 180000
#define cg_compat_init_range_table(estate, rtable) \
	ExecInitRangeTable(estate, rtable, NIL, bms_make_singleton(1))
#elif PG_VERSION_NUM >= 160000
#define cg_compat_init_range_table(estate, rtable) ExecInitRangeTable(estate, rtable, NIL)
#else
#define cg_compat_init_range_table(estate, rtable) ExecInitRangeTable(estate, rtable)
#endif

#if PG_VERSION_NUM >= 160000
#define cg_compat_insert_index_tuples(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#else
#define cg_compat_insert_index_tuples(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

/* 18 may have a primary key that is deferrable; ours is not. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_primary_key(rel) RelationGetPrimaryKeyIndex(rel, false)
#else
#define cg_compat_primary_key(rel) RelationGetPrimaryKeyIndex(rel)
#endif

/* 16 may truncate as the owner of the table; 15 knows no such thing. */
#if PG_VERSION_NUM >= 160000
#define cg_compat_truncate(rels, relids) \
	ExecuteTruncateGuts(rels, relids, NIL, DROP_RESTRICT, false, false)
#else
#define cg_compat_truncate(rels, relids) ExecuteTruncateGuts(rels, relids, NIL, DROP_RESTRICT, false)
#endif

/*
 * The hook for ExecutorRun: 18 has no execute_once any more, so any execution may be
 * one that is run again.
 */
#if PG_VERSION_NUM >= 180000
#define CG_COMPAT_RUN_ARGS QueryDesc *query, ScanDirection direction, uint64 count
#define CG_COMPAT_RUN_ONCE false
#define cg_compat_run(function, query, direction, count, once) function(query, direction, count)
#else
#define CG_COMPAT_RUN_ARGS QueryDesc *query, ScanDirection direction, uint64 count, bool execute_once
#define CG_COMPAT_RUN_ONCE execute_once
#define cg_compat_run(function, query, direction, count, once) function(query, direction, count, once)
#endif

/* --- Transactions, locks, WAL, slots, sessions --- */

/* 17 asks whether a stronger lock will do, and keeps the local transaction with the backend. */
#if PG_VERSION_NUM >= 170000
#define cg_compat_lock_held(tag, mode) LockHeldByMe(tag, mode, false)
#define CG_COMPAT_LXID(proc) ((proc)->vxid.lxid)
#define cg_compat_log_message(prefix, data, length) LogLogicalMessage(prefix, data, length, false, false)
#define cg_compat_create_slot(name) \
	ReplicationSlotCreate(name, false, RS_PERSISTENT, false, false, false)
#else
#define cg_compat_lock_held(tag, mode) LockHeldByMe(tag, mode)
#define CG_COMPAT_LXID(proc) ((proc)->lxid)
#define cg_compat_log_message(prefix, data, length) LogLogicalMessage(prefix, data, length, false)
#define cg_compat_create_slot(name) ReplicationSlotCreate(name, false, RS_PERSISTENT, false)
#endif

/* 18 can refuse a slot that was invalidated; we look at that ourselves. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_acquire_slot(name) ReplicationSlotAcquire(name, true, false)
#else
#define cg_compat_acquire_slot(name) ReplicationSlotAcquire(name, true)
#endif

#if PG_VERSION_NUM < 160000
#define pgstat_get_local_beentry_by_index(n) pgstat_fetch_stat_local_beentry(n)
#endif

/* --- Commands --- */

/* Who may CLUSTER and REINDEX: 17 asks for MAINTAIN. */
#if PG_VERSION_NUM < 170000
#define RangeVarCallbackMaintainsTable RangeVarCallbackOwnsTable
#endif

/* The catalog of functions, opened, or its OID. */
#if PG_VERSION_NUM >= 170000
#define cg_compat_change_owner(catalog, object, role) \
	AlterObjectOwner_internal(RelationGetRelid(catalog), object, role)
#else
#define cg_compat_change_owner(catalog, object, role) AlterObjectOwner_internal(catalog, object, role)
#endif

/* What COPY copies as it is stored, without a plan: 18 a materialized view as well. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_is_copied(relkind) ((relkind) == RELKIND_RELATION || (relkind) == RELKIND_MATVIEW)
#else
#define cg_compat_is_copied(relkind) ((relkind) == RELKIND_RELATION)
#endif

/* NOT NULL is a constraint of its own, of domains since 17, of tables since 18. */
#if PG_VERSION_NUM < 170000
#define CONSTRAINT_NOTNULL 'n'
#endif

/* Attributes of constraints that this version does not have: numbers that none bears. */
#if PG_VERSION_NUM < 180000
#define CONSTR_ATTR_ENFORCED 10001
#define CONSTR_ATTR_NOT_ENFORCED 10002
#endif

/* Does ALTER CONSTRAINT have the rows that are there checked?  18 may. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_enforces(command) \
	((command)->subtype == AT_AlterConstraint && IsA((command)->def, ATAlterConstraint) && \
	 castNode(ATAlterConstraint, (command)->def)->alterEnforceability && \
	 castNode(ATAlterConstraint, (command)->def)->is_enforced)
#define cg_compat_enforced_name(command) castNode(ATAlterConstraint, (command)->def)->conname
#else
#define cg_compat_enforces(command) false
#define cg_compat_enforced_name(command) NULL
#endif

/* Is a check evaluated?  18 has checks that are NOT ENFORCED. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_is_enforced(check) ((check)->ccenforced)
#define cg_compat_is_enforced_constraint(form) ((form)->conenforced)
#else
#define cg_compat_is_enforced(check) true
#define cg_compat_is_enforced_constraint(form) true
#endif

/* The workers that are registered: a file that uses these includes bgworker_internals.h. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_workers_iter dlist_iter
#define cg_compat_workers_foreach(iter) dlist_foreach(iter, &BackgroundWorkerList)
#define cg_compat_worker_at(iter) dlist_container(RegisteredBgWorker, rw_lnode, (iter).cur)
#else
#define cg_compat_workers_iter slist_iter
#define cg_compat_workers_foreach(iter) slist_foreach(iter, &BackgroundWorkerList)
#define cg_compat_worker_at(iter) slist_container(RegisteredBgWorker, rw_lnode, (iter).cur)
#endif

/* Sub-commands of ALTER TABLE that this version does not have: numbers that none bears. */
#if PG_VERSION_NUM >= 160000
#define AT_AddColumnRecurse (-1)
#define AT_DropColumnRecurse (-1)
#define AT_AddConstraintRecurse (-1)
#define AT_ValidateConstraintRecurse (-1)
#define AT_DropConstraintRecurse (-1)
#endif
#if PG_VERSION_NUM < 170000
#define AT_SetExpression (-1)
#endif
#if PG_VERSION_NUM >= 180000
#define AT_CheckNotNull (-1)
#endif

/* --- Functions --- */

/* Functions that this version does not have: no function has this number. */
#if PG_VERSION_NUM < 160000
#define F_ARRAY_SAMPLE InvalidOid
#define F_ARRAY_SHUFFLE InvalidOid
#define F_RANDOM_NORMAL InvalidOid
#define F_PG_INPUT_IS_VALID InvalidOid
#define F_PG_INPUT_ERROR_INFO InvalidOid
#endif
/* random() alone was enough until 17. */
#if PG_VERSION_NUM < 170000
#define F_RANDOM_ F_RANDOM
#define F_RANDOM_INT4_INT4 InvalidOid
#define F_RANDOM_INT8_INT8 InvalidOid
#define F_RANDOM_NUMERIC_NUMERIC InvalidOid
#endif
#if PG_VERSION_NUM < 180000
#define F_UUIDV4 InvalidOid
#define F_UUIDV7_ InvalidOid
#define F_UUIDV7_INTERVAL InvalidOid
#endif

/* --- Nodes --- */

/*
 * Kinds that this version does not have: numbers that none bears, each another one,
 * since a switch may name several.  Switches that do are over int.
 */
#if PG_VERSION_NUM < 160000
#define T_JsonFormat 10001
#define T_JsonReturning 10002
#define T_JsonValueExpr 10003
#define T_JsonConstructorExpr 10004
#define T_JsonIsPredicate 10005
#endif
#if PG_VERSION_NUM < 170000
#define T_JsonExpr 10006
#define T_JsonBehavior 10007
#define T_MergeSupportFunc 10008
#endif
#if PG_VERSION_NUM < 180000
#define T_ReturningExpr 10009
#define RTE_GROUP 10010
#endif

/* Types that the SQL/JSON expressions make: what they are made to, and of what. */
static inline Oid
cg_compat_json_type(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	if (IsA(node, JsonExpr))
		return ((const JsonExpr *) node)->returning->typid;
#endif
#if PG_VERSION_NUM >= 160000
	return ((const JsonConstructorExpr *) node)->returning->typid;
#else
	return InvalidOid;
#endif
}

static inline List *
cg_compat_json_values(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	if (IsA(node, JsonExpr))
		return ((const JsonExpr *) node)->passing_values;
#endif
#if PG_VERSION_NUM >= 160000
	return ((const JsonConstructorExpr *) node)->args;
#else
	return NIL;
#endif
}

/* The condition by which MERGE joins: 15 and 16 have it in the join tree. */
#if PG_VERSION_NUM >= 170000
#define CG_COMPAT_MERGE_CONDITION(query, walk) ((query)->mergeJoinCondition = (walk))
#else
#define CG_COMPAT_MERGE_CONDITION(query, walk)
#endif

/* What a query groups by: 18 has it in an entry of the range table, to which all else refers. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_group_expressions(rte) ((rte)->groupexprs)
#else
#define cg_compat_group_expressions(rte) NIL
#endif

/* Run conditions of window functions are in the parse tree in 15 and 16 alone. */
#if PG_VERSION_NUM >= 170000
#define CG_COMPAT_RUN_CONDITION(window, walk)
#else
#define CG_COMPAT_RUN_CONDITION(window, walk) \
	((window)->runCondition = (List *) (walk))
#endif

/* Which comparison an operator is; the numbers are those of B-tree strategies in all versions. */
#if PG_VERSION_NUM >= 180000
#define cg_compat_strategy(interpretation) ((int) (interpretation)->cmptype)
#define ROWCOMPARE_NE COMPARE_NE
#else
#define get_op_index_interpretation get_op_btree_interpretation
#define OpIndexInterpretation OpBtreeInterpretation
#define cg_compat_strategy(interpretation) ((interpretation)->strategy)
#define F_REVERSE_TEXT F_REVERSE
#endif

/* 18 puts it before the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* --- Where a query has expressions, as query_tree_walker() finds them --- */

#if PG_VERSION_NUM >= 170000
#define cg_compat_merge_join_condition(query) ((query)->mergeJoinCondition)
#else
#define cg_compat_merge_join_condition(query) NULL
#endif

/* Besides those of its target list, its FROM clause, its WHERE clause, its range table and CTEs */
static inline bool
cg_compat_has_more_expressions(const Query *query)
{
	return query->withCheckOptions != NIL || query->onConflict || query->mergeActionList != NIL ||
		cg_compat_merge_join_condition(query) || query->returningList != NIL ||
		query->setOperations || query->havingQual || query->limitOffset || query->limitCount ||
		query->windowClause != NIL;
}

#endif							/* CG_COMPAT_H */
