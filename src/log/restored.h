/*
 * restored.h
 *		A base backup that is started: its WAL is kept until it is recorded.
 */
#ifndef CG_RESTORED_H
#define CG_RESTORED_H

extern void cg_restored_init(void);

#endif							/* CG_RESTORED_H */
