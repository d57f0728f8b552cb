/*
 * explained.h
 *		ExecutorStart: reads that come before a plan is run, if it is run at all.
 */
#ifndef CG_EXPLAINED_H
#define CG_EXPLAINED_H

extern void cg_explained_init(void);

#endif							/* CG_EXPLAINED_H */
