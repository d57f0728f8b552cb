/*
 * meets.h
 *		Types whose values a trusted function may meet.
 */
#ifndef CG_MEETS_H
#define CG_MEETS_H

/*
 * May a trusted function, or the definition of a guarded relation, have a value of this
 * type?  PostgreSQL's own types do not count, since nearly every cast has one on one side.
 */
extern bool cg_meets_type(Oid type);

#endif							/* CG_MEETS_H */
