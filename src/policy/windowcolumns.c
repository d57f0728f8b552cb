/*
 * windowcolumns.c
 *		The columns of a table that a question for windows reads.
 *
 * A trigger that is not asked, because the columns of its UPDATE are not among them, makes no
 * record.  So what is not known to be such a column is taken for all of them.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "policy/windowcolumns.h"

/* For read_column_walker(). */
typedef struct ColumnWalk
{
	const List *relids;			/* the table and its ancestors */
	Oid			table;
	List	   *queries;		/* the innermost first */
	List	   *columns;		/* of the table */
	bool		all;			/* any may be read */
} ColumnWalk;

static bool read_join_column(const RangeTblEntry *rte, const Var *var, ColumnWalk *walk);
static void note_read_column(Oid relid, AttrNumber attnum, ColumnWalk *walk);
static bool read_column_walker(Node *node, ColumnWalk *walk);

/* What a column of a join is made of stands in the query that has the join. */
static bool
read_join_column(const RangeTblEntry *rte, const Var *var, ColumnWalk *walk)
{
	List	   *queries = walk->queries;
	bool		result;

	walk->queries = list_copy_tail(queries, var->varlevelsup);
	result = read_column_walker(list_nth(rte->joinaliasvars, var->varattno - 1), walk);
	walk->queries = queries;
	return result;
}

/* Of a column that cannot be named all may be read: a system column moves with each UPDATE. */
static void
note_read_column(Oid relid, AttrNumber attnum, ColumnWalk *walk)
{
	AttrNumber	number = attnum > 0 ? get_attnum(walk->table, get_attname(relid, attnum, false)) : InvalidAttrNumber;

	if (number == InvalidAttrNumber)
		walk->all = true;
	else
		walk->columns = list_append_unique_int(walk->columns, number);
}

static bool
read_column_walker(Node *node, ColumnWalk *walk)
{
	bool		result;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		walk->queries = lcons(node, walk->queries);
		result = query_tree_walker((Query *) node, read_column_walker, walk, QTW_IGNORE_JOINALIASES);
		walk->queries = list_delete_first(walk->queries);
		return result;
	}
	if (IsA(node, Var) && ((Var *) node)->varlevelsup < list_length(walk->queries))
	{
		Var		   *var = (Var *) node;
		RangeTblEntry *rte = rt_fetch(var->varno, ((Query *) list_nth(walk->queries, var->varlevelsup))->rtable);

		if (var->varattno == 0)
			walk->all = true;
		else if (rte->rtekind == RTE_JOIN)
			return read_join_column(rte, var, walk);
		else if (rte->rtekind == RTE_RELATION && list_member_oid(walk->relids, rte->relid))
			note_read_column(rte->relid, var->varattno, walk);
		return false;
	}
	return expression_tree_walker(node, read_column_walker, walk);
}

bool
cg_windowcolumns_add(List *queries, Oid table, const List *relids, List **columns)
{
	ColumnWalk	walk = {.relids = relids, .table = table, .columns = *columns};

	(void) expression_tree_walker((Node *) queries, read_column_walker, &walk);
	*columns = walk.columns;
	return !walk.all;
}
