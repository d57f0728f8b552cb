/*
 * verdict.h
 *		The definitions that a verdict depends on, besides rows.
 */
#ifndef CG_VERDICT_H
#define CG_VERDICT_H

#include "nodes/pg_list.h"

/*
 * Call it before a utility statement.  Returns images of the questions, for
 * cg_verdict_after(), in the current context; NIL if the statement cannot change
 * the questions.  relids: the relations that an ALTER TABLE may reach.
 */
extern List *cg_verdict_before(Node *statement, List *relids);

/*
 * Call it after the statement.  If a question has changed it records the change of an
 * admin, and throws ERROR insufficient_privilege for everybody else.  ERROR for an
 * admin, too, if the new question may not be asked.
 */
extern void cg_verdict_after(List *before, bool admin);

/*
 * For a change of an object that cg_verdict_before() did not know of: ERROR
 * insufficient_privilege if the verdict rests on the object and "before" is NIL.
 * Exactly one of the OIDs is valid.
 */
extern void cg_verdict_require_image(List *before, bool admin, Oid relid, Oid function);

/*
 * ERROR insufficient_privilege if the relation's question calls a function that is not
 * trusted, or would run with the rights of a role that has too many; ERROR
 * invalid_parameter_value if it cannot be asked for another reason.
 */
extern void cg_verdict_require_trust(Oid relid);

/* The text of a view, for records; palloc'd. */
extern char *cg_verdict_definition(Oid relid);

/* The effect of row security on the question, as a clause for status(); or NULL. */
extern char *cg_verdict_row_security(const List *queries);

/* The same for an interventions relation in use, or what is wrong with its owner. */
extern char *cg_verdict_problem(Oid relid);

#endif							/* CG_VERDICT_H */
