/*
 * verdict.h
 *		What the verdict rests on, besides rows.
 */
#ifndef CG_VERDICT_H
#define CG_VERDICT_H

#include "nodes/pg_list.h"

/*
 * Before a utility statement: what interventions are asked by, a list that
 * cg_verdict_after() takes, in the current context; NIL if the statement cannot
 * change it.  relids: those that an ALTER TABLE may reach.
 */
extern List *cg_verdict_before(Node *statement, List *relids);

/*
 * After it: ERROR insufficient_privilege if they would be asked by something else,
 * unless a member of contact_guard_admin did it: then a record.
 */
extern void cg_verdict_after(List *before, bool admin);

/*
 * Where an object is changed of which cg_verdict_before() did not know: ERROR
 * insufficient_privilege if the verdict rests on it.  One of the OIDs is valid.
 */
extern void cg_verdict_require_image(List *before, bool admin, Oid relid, Oid function);

/* ERROR insufficient_privilege if the relation is asked by a function that is not allowed. */
extern void cg_verdict_require_trust(Oid relid);

/* The text of a view, for records; palloc'd. */
extern char *cg_verdict_definition(Oid relid);

/* What row security does to the question, as a sentence, or NULL. */
extern char *cg_verdict_row_security(const List *queries);

/* The same for an interventions relation that is in use. */
extern char *cg_verdict_problem(Oid relid);

#endif							/* CG_VERDICT_H */
