/*
 * harmless.h
 *		Conditions of which nothing but their result can leave.
 */
#ifndef CG_HARMLESS_H
#define CG_HARMLESS_H

#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"

/* What such a condition reads. */
typedef struct CgHarmless
{
	Index		rti;			/* its only relation, at this query level; 0: none so far */
	Bitmapset  *columns;		/* their numbers */
	bool		compares;		/* it has a comparison: not only IS NULL */
} CgHarmless;

/*
 * Is it a condition, or a part of one, of built-in operators and functions over columns of one relation,
 * constants and parameters?  None of them can run code of a user, or quote a value in an
 * error.  *found begins with zeros, and has what the condition reads if the answer is true.
 */
extern bool cg_harmless_condition(Node *node, CgHarmless *found);

/* Are the type's comparisons built in, with those of its elements? */
extern bool cg_harmless_is_plain_type(Oid type);

/* Are all these expressions of such types? */
extern bool cg_harmless_are_plain(List *args);

/* Is it a built-in operator with its btree meaning?  <> has one, too. */
extern bool cg_harmless_is_comparison(Oid opno);

/* Does the expression not depend on a row, a sub-select or a volatile function? */
extern bool cg_harmless_is_rowless(Node *node);

/* Can this node itself, with any arguments, not fail? */
extern bool cg_harmless_never_fails(const Node *node);

#endif							/* CG_HARMLESS_H */
