/*
 * question.h
 *		Prepares the questions for one interventions relation.
 */
#ifndef CG_QUESTION_H
#define CG_QUESTION_H

#include "policy/interventions.h"

/* The role that the questions run as; InvalidOid if there is no such relation. */
extern Oid	cg_question_owner(Oid relid);

/*
 * Prepares the first "asks" questions.  If these are all of them, also examines and notes
 * the functions and relations that they use, and plans them.  Returns the reason why they
 * cannot be used, in context, or NULL.  ERROR if the failure is not their fault, as with a
 * cancelled query or a lock that was not available.
 */
extern char *cg_question_prepare(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts,
								 int asks, MemoryContext context);

/* The same for a prepared target: are the functions and relations that it uses still allowed? */
extern char *cg_question_examine(CgInterventions *target, MemoryContext context);

/* False if an object that a question uses has changed since the question was analysed. */
extern bool cg_question_is_valid(const CgInterventions *target);

/*
 * Is it an error that does not mean that the definition is broken?  A query was cancelled,
 * say, or a lock could not be got.
 */
extern bool cg_question_is_passing(int sqlerrcode);

extern void cg_question_free(CgInterventions *target);

/* Does the relation's label say that it holds interventions? */
extern bool cg_question_is_asked(Oid relid);

/*
 * Sets *trees to one question with this label and these columns (by CgPart), analysed and
 * rewritten: Query trees, palloc'd.  Returns the reason why that is not possible, or NULL.
 */
extern char *cg_question_trees(Oid relid, const CgTableLabel *label, const AttrNumber *parts, List **trees);

#endif							/* CG_QUESTION_H */
