/*
 * question.h
 *		The questions that one interventions relation is asked, prepared.
 */
#ifndef CG_QUESTION_H
#define CG_QUESTION_H

#include "policy/interventions.h"

/* Whose rights the questions are asked with; InvalidOid if there is no such relation. */
extern Oid	cg_question_owner(Oid relid);

/*
 * Prepares the first of the questions, as many as "asks"; where that is all of them,
 * looks at what they call and read, notes that, and plans them.  Returns what is wrong
 * with them, in context, or NULL.  ERROR for what says nothing about them, as a
 * cancelled query or a lock that was not to be had.
 */
extern char *cg_question_prepare(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts,
								 int asks, MemoryContext context);

/* As above of a target that is prepared: is what it calls and reads still allowed? */
extern char *cg_question_examine(CgInterventions *target, MemoryContext context);

/* False where something that a question reads or calls has changed since it was analysed. */
extern bool cg_question_is_valid(const CgInterventions *target);

extern void cg_question_free(CgInterventions *target);

/* Does its label say that interventions are asked of it? */
extern bool cg_question_is_asked(Oid relid);

/*
 * One question with this label and these columns (by CgPart), analysed and
 * rewritten: Query trees, palloc'd.  Returns what is wrong with it, or NULL.
 */
extern char *cg_question_trees(Oid relid, const CgTableLabel *label, const AttrNumber *parts, List **trees);

#endif							/* CG_QUESTION_H */
