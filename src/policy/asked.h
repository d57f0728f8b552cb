/*
 * asked.h
 *		The functions and relations that the question for windows uses, and whether
 *		they are allowed.
 *
 * The question runs with the rights of the relation's owner for every reader, and its
 * answer decides which values the reader is shown.  So it may call only functions that
 * are allowed (trust.h).  Of the built-in functions it may call only those whose result
 * does not depend on the reader's session.
 */
#ifndef CG_ASKED_H
#define CG_ASKED_H

#include "nodes/pg_list.h"

typedef struct CgAsked
{
	List	   *functions;		/* OIDs, without built-ins; also from bodies, types and casts */
	List	   *types;			/* OIDs, without built-ins */
	List	   *relations;		/* OIDs: tables and views */
	List	   *bodies;			/* rewritten Query trees of SQL-standard function bodies */
	Oid			untrusted;		/* one of the functions that is not allowed, or InvalidOid */
	char	   *problem;		/* another reason to refuse, as a clause, or NULL */
} CgAsked;

/*
 * Finds them for queries that are analysed and rewritten.  The result is palloc'd.  Locks
 * the relations that the bodies read, and may throw their errors.
 */
extern CgAsked *cg_asked_find(Oid owner, List *queries);

/* "untrusted" and "problem" as one clause, with the commands that mend it; or NULL. */
extern char *cg_asked_problem(const CgAsked *asked);

/*
 * A clause if a superuser or a member of contact_guard_admin owns the interventions
 * relation, but other roles own a relation that it rests on; else NULL.
 */
extern char *cg_asked_owner_problem(Oid owner, const CgAsked *asked);

#endif							/* CG_ASKED_H */
