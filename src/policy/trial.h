/*
 * trial.h
 *		Steps whose errors must not stop the statement that takes them.
 */
#ifndef CG_TRIAL_H
#define CG_TRIAL_H

/*
 * Takes the step in a subtransaction.  Returns the message of its error, palloc'd, or NULL.
 * What is nobody's fault, such as a cancelled statement, is thrown: see
 * cg_question_is_passing().  What the step pallocs stays.
 */
extern char *cg_trial_run(void (*step) (void *argument), void *argument);

#endif							/* CG_TRIAL_H */
