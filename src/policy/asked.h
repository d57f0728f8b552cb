/*
 * asked.h
 *		What the question for windows calls and reads, and whether it may.
 *
 * The question runs with rights of the relation's owner, whoever the reader is, and its
 * answer decides what the reader is shown.  So it may call only functions that are
 * allowed (trust.h), and of PostgreSQL's own only those whose result does not depend on
 * the reader's session.
 */
#ifndef CG_ASKED_H
#define CG_ASKED_H

#include "nodes/pg_list.h"

typedef struct CgAsked
{
	List	   *functions;		/* OIDs, not PostgreSQL's own; through bodies, types and casts, too */
	List	   *types;			/* OIDs, not PostgreSQL's own */
	List	   *relations;		/* OIDs: tables and views */
	List	   *bodies;			/* of functions with bodies of the SQL standard: Query trees, rewritten */
	Oid			untrusted;		/* one of the functions that is not allowed, or InvalidOid */
	char	   *problem;		/* what else is not allowed, as a sentence, or NULL */
} CgAsked;

/*
 * palloc'd.  queries are analysed and rewritten.  Locks what the bodies read, and
 * throws what looking at it throws.
 */
extern CgAsked *cg_asked_find(Oid owner, List *queries);

/* Both as one sentence with the mend, or NULL. */
extern char *cg_asked_problem(const CgAsked *asked);

/*
 * A superuser or member of contact_guard_admin owns the relation, but others own
 * what it rests on: a sentence, or NULL.
 */
extern char *cg_asked_owner_problem(Oid owner, const CgAsked *asked);

#endif							/* CG_ASKED_H */
