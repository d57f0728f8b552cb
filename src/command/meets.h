/*
 * meets.h
 *		Types whose values a trusted function may meet.
 */
#ifndef CG_MEETS_H
#define CG_MEETS_H

/*
 * May a trusted function, or the definition of a guarded relation, have a value of this
 * type?  Types of PostgreSQL's own do not count: everybody's casts have one on a side.
 */
extern bool cg_meets_type(Oid type);

#endif							/* CG_MEETS_H */
