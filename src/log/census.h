/*
 * census.h
 *		Which databases have a journal: the launcher asks each of them once.
 */
#ifndef CG_CENSUS_H
#define CG_CENSUS_H

/*
 * The launcher calls this in each turn of its loop.  True when every database has
 * answered.  From then on shared memory has an entry for each journal.
 */
extern bool cg_census_take(void);

#endif							/* CG_CENSUS_H */
