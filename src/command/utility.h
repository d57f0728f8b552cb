/*
 * utility.h
 *		Commands without a plan: COPY, databases, DROP EXTENSION.
 */
#ifndef CG_UTILITY_H
#define CG_UTILITY_H

extern void cg_utility_init(void);

#endif							/* CG_UTILITY_H */
