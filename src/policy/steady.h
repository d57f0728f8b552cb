/*
 * steady.h
 *		Built-in functions whose result is the same for every reader.
 */
#ifndef CG_STEADY_H
#define CG_STEADY_H

/*
 * False for a built-in that is not IMMUTABLE, unless it depends only on settings that
 * ask.c pins and on catalogs.  True for every function that is not built in.
 */
extern bool cg_steady_is(Oid function);

#endif							/* CG_STEADY_H */
