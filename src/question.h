/*
 * question.h
 *		The questions that one interventions relation is asked, prepared.
 */
#ifndef CG_QUESTION_H
#define CG_QUESTION_H

#include "interventions.h"

/* Whose rights the questions are asked with; InvalidOid if there is no such relation. */
extern Oid	cg_question_owner(Oid relid);

/*
 * Prepares the first of the questions, as many as "asks".  Returns what is wrong
 * with them, in context, or NULL.  ERROR for what says nothing about them, as a
 * cancelled query or a lock that was not to be had.
 */
extern char *cg_question_prepare(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts,
								 int asks, MemoryContext context);
extern void cg_question_free(CgInterventions *target);

/* Does its label say that interventions are asked of it? */
extern bool cg_question_is_asked(Oid relid);

/*
 * One question with this label and these columns (by CgPart), analysed and
 * rewritten: Query trees, palloc'd.  Returns what is wrong with it, or NULL.
 */
extern char *cg_question_trees(Oid relid, const CgTableLabel *label, const AttrNumber *parts, List **trees);

#endif							/* CG_QUESTION_H */
