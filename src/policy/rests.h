/*
 * rests.h
 *		The objects that the question for windows rests on.
 */
#ifndef CG_RESTS_H
#define CG_RESTS_H

#include "nodes/pg_list.h"

typedef struct CgRests
{
	List	   *relations;		/* OIDs: interventions relations and what is beneath them */
	List	   *functions;		/* OIDs: what views, policies and functions beneath call */
	List	   *conditions;		/* char *: open_when, which names what it calls */
} CgRests;

/*
 * Follows pg_depend downwards from the interventions relations, without a lock on
 * any of them; what their conditions call is in the text alone.
 */
extern CgRests cg_rests_find(void);

/* Does a condition name such an object?  Its text is searched, not parsed. */
extern bool cg_rests_is_in_condition(const CgRests *rests, const char *name);

extern bool cg_rests_on_relation(const CgRests *rests, Oid relid);

/* Does it rest on the function, or may a condition name it? */
extern bool cg_rests_on_function(const CgRests *rests, Oid function);

/* Might a function or operator of this name be called? */
extern bool cg_rests_on_name(const CgRests *rests, const char *name);

#endif							/* CG_RESTS_H */
