/*
 * unnamed.h
 *		Functions that a text calls without saying whose they are.
 */
#ifndef CG_UNNAMED_H
#define CG_UNNAMED_H

/*
 * Is it a function that a superuser or an admin does not own, and that the text of a
 * trusted function may lead to unseen: the function of a cast, which is found by types,
 * or one that is written as a function or an operator of PostgreSQL's own is?  Built-ins
 * and functions in C are not.  Needs a transaction.
 */
extern bool cg_unnamed_is_foreign(Oid function);

#endif							/* CG_UNNAMED_H */
