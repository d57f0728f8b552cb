/*
 * rewrite_private.h
 *		The inside of the rewrite, only for rewrite.c, references.c, groups.c and uses.c.
 */
#ifndef CG_REWRITE_PRIVATE_H
#define CG_REWRITE_PRIVATE_H

#include "plan/assigned.h"
#include "plan/rewrite.h"

/*
 * The use of a value at the present place of the walk.  The walk of a part of a query sets
 * it and restores it.
 */
typedef struct RewritePlace
{
	bool		flows;			/* the expression may become part of a row */
	bool		stores;			/* the statement stores rows */
	bool		writes;			/* it stores or deletes some */
	bool		decides;		/* the expression helps to choose rows */
	bool		orders;			/* the expression decides only the order of rows */
	bool		ordered;		/* a query around uses the order of rows */
	bool		excepted;		/* WHERE of ON CONFLICT: "decides" only in its sub-selects */
	bool		to_guarded;		/* the value is stored in a guarded column */
	bool		by_rows;		/* a function in FROM of which only the number of rows decides */
	bool		written;		/* a built-in function writes the value: writers.h */
} RewritePlace;

typedef struct RewriteContext
{
	List	   *queries;		/* innermost first */
	RewritePlace place;
	void	   *output;			/* the entry whose columns the next query makes: see uses.c */
	List	   *uses;			/* what is done with columns: see uses.c */
	CgAssigned	assigned;		/* of the assignments that are walked */
	List	   *groups;			/* uses of grouping expressions: see groups.c */
	bool		eager;			/* see carriers.h */
	bool		writer;			/* see writers.h */
	bool		may_write;		/* see cg_writers_may_be_one() */
	bool		bare;			/* no relation is guarded */
	bool		holds;			/* the query of a cursor WITH HOLD */
	Query	   *top;
	ParamListInfo params;
	int			searches;		/* see cg_lookup_take() */
	bool		asked;			/* cg_rowless_present() has been called */
	bool		rowless;		/* its answer */
	CgRewritten result;
} RewriteContext;

/* rewrite.c: a whole query, in place. */
extern void cg_rewrite_subquery(Query *query, RewriteContext *context);

/* references.c: expressions. */
extern Node *cg_references_rewrite(Node *node, RewriteContext *context);

/* Assignments to columns of existing rows of the query's result relation. */
extern List *cg_references_rewrite_assignments(List *targets, Query *query, RewriteContext *context);

/* groups.c: notes what is done, at the place where the walk is, with what a query groups by. */
extern void cg_groups_note(RewriteContext *context, const RangeTblEntry *rte, AttrNumber attnum);

/* Rewrites what the query groups by, when all that uses it has been walked. */
extern void cg_groups_rewrite(Query *query, RewriteContext *context);

/*
 * uses.c: notes what the present place of the walk does with a column of an entry of the
 * range table.  It needs to be called where the value decides, or flows into a stored row.
 */
extern void cg_uses_note(RewriteContext *context, const Var *var);

/* The same for the rows of a CTE, which an entry of the innermost query names. */
extern void cg_uses_note_rows(RewriteContext *context, const RangeTblEntry *rte);

/*
 * Set the place of the walk to that of a CTE, and to that of a column of an output (a
 * RangeTblEntry or a CommonTableExpr), from all uses noted.  Call them when all parts that
 * could use it have been walked.  recursive: some may not have been, so it is used for
 * whatever the statement does.
 */
extern void cg_uses_enter_cte(RewriteContext *context, const CommonTableExpr *cte, bool recursive);
extern void cg_uses_enter_column(RewriteContext *context, const void *output, AttrNumber resno);

/* Is a column of the output, of a type that may hold a mask, used in a condition? */
extern bool cg_uses_any(const RewriteContext *context, const void *output);

/* Does the query itself choose rows by this column of its output? */
extern bool cg_uses_is_chosen_by(const Query *query, const TargetEntry *target);

/* Does it sort by that column? */
extern bool cg_uses_is_ordered_by(const Query *query, const TargetEntry *target);

/* Does the query choose rows, or make values, by the order in which it gets rows? */
extern bool cg_uses_is_order_used(Query *query, bool top);

#endif							/* CG_REWRITE_PRIVATE_H */
