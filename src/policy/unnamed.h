/*
 * unnamed.h
 *		Functions that a text calls without showing who owns them.
 */
#ifndef CG_UNNAMED_H
#define CG_UNNAMED_H

/*
 * Is the function owned by neither a superuser nor an admin, and may the text of a trusted
 * function call it without showing that?  That holds for the function of a cast, which is
 * found by types, and for a function with the name of a built-in function or operator.
 * False for built-ins and functions in C.  Needs a transaction.
 */
extern bool cg_unnamed_is_foreign(Oid function);

#endif							/* CG_UNNAMED_H */
