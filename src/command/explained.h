/*
 * explained.h
 *		EXPLAIN, which prints a plan and runs nothing.
 */
#ifndef CG_EXPLAINED_H
#define CG_EXPLAINED_H

extern void cg_explained_init(void);

#endif							/* CG_EXPLAINED_H */
