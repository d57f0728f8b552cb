/*
 * rests.h
 *		The objects that the question for windows rests on.
 */
#ifndef CG_RESTS_H
#define CG_RESTS_H

#include "nodes/pg_list.h"

typedef struct CgRests
{
	List	   *relations;		/* OIDs: interventions relations and the relations beneath */
	List	   *functions;		/* OIDs: functions that views, policies and functions call */
	List	   *conditions;		/* char *: the texts of open_when, which name functions */
} CgRests;

/*
 * Follows pg_depend downwards from the interventions relations, without a lock on
 * any of them.  Functions that a condition calls are known only by its text.
 */
extern CgRests cg_rests_find(void);

/* Does a condition contain this name?  Its text is searched, not parsed. */
extern bool cg_rests_is_in_condition(const CgRests *rests, const char *name);

extern bool cg_rests_on_relation(const CgRests *rests, Oid relid);

/* Does a question rest on the function, or may a condition name it? */
extern bool cg_rests_on_function(const CgRests *rests, Oid function);

/* Might a question call a function or operator of this name? */
extern bool cg_rests_on_name(const CgRests *rests, const char *name);

#endif							/* CG_RESTS_H */
