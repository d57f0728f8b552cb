/*
 * rewrite_private.h
 *		The inside of the rewrite, for rewrite.c, references.c and uses.c alone.
 */
#ifndef CG_REWRITE_PRIVATE_H
#define CG_REWRITE_PRIVATE_H

#include "plan/rewrite.h"

/*
 * For what the value is used at the place where the walk is.  Parts of a query set
 * it and put it back.
 */
typedef struct RewritePlace
{
	bool		flows;			/* the expression may become part of a row */
	bool		stores;			/* the statement stores rows */
	bool		writes;			/* it stores or deletes some */
	bool		decides;		/* the expression has a part in choosing rows */
	bool		orders;			/* in their order, of which nothing more is made */
	bool		ordered;		/* something around makes more of the order of rows */
	bool		excepted;		/* it would, but for what a mask does there; not in sub-selects */
	bool		to_guarded;		/* it is stored in a guarded column */
	bool		by_rows;		/* a function in FROM: what it returns decides nothing, how much does */
	bool		written;		/* a built-in function writes it: writers.h */
} RewritePlace;

typedef struct RewriteContext
{
	List	   *queries;		/* innermost first */
	RewritePlace place;
	void	   *output;			/* whose columns the next query makes: see uses.h */
	List	   *uses;			/* of columns, in conditions */
	bool		eager;			/* see carriers.h */
	bool		writer;			/* see writers.h */
	bool		may_write;		/* see cg_writers_may_be_one() */
	bool		bare;			/* no relation is guarded */
	Query	   *top;
	ParamListInfo params;
	bool		asked;			/* whether something is rowless.h's; then */
	bool		rowless;		/* the answer */
	CgRewritten result;
} RewriteContext;

/* rewrite.c: a whole query, in place. */
extern void cg_rewrite_subquery(Query *query, RewriteContext *context);

/* references.c: expressions. */
extern Node *cg_references_rewrite(Node *node, RewriteContext *context);

/* Assignments to columns of rows that exist, of the query's result relation. */
extern List *cg_references_rewrite_assignments(List *targets, Query *query, RewriteContext *context);

/* uses.c: notes that a condition uses a column of an entry of the range table. */
extern void cg_uses_note(RewriteContext *context, const Var *var);

/*
 * Is column resno of an output (a RangeTblEntry or a CommonTableExpr) used in a
 * condition?  Asked when everything that could use it has been walked.
 */
extern bool cg_uses_decide(const RewriteContext *context, const void *output, AttrNumber resno);

/* Is some column of it, of a type that no mask has been seen in, used so? */
extern bool cg_uses_any(const RewriteContext *context, const void *output);

/* Does the query itself choose rows by this column of its output? */
extern bool cg_uses_is_chosen_by(const Query *query, const TargetEntry *target);

/* Does it sort by that column? */
extern bool cg_uses_is_ordered_by(const Query *query, const TargetEntry *target);

/* Does the query choose rows, or make values, by the order in which it gets rows? */
extern bool cg_uses_is_order_used(Query *query, bool top);

/*
 * Is a condition of the query's WHERE one that guards an UPDATE of a single row
 * against a change meanwhile?  The row must be pinned: see uses.c.
 */
extern bool cg_uses_is_pinned(const Query *query);
extern bool cg_uses_is_lock(const Query *query, Node *condition);

#endif							/* CG_REWRITE_PRIVATE_H */
