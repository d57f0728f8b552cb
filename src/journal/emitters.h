/*
 * emitters.h
 *		Who may write logical messages, which the journal consists of.
 */
#ifndef CG_EMITTERS_H
#define CG_EMITTERS_H

/*
 * The command that takes PostgreSQL's functions for logical messages from PUBLIC, palloc'd; NULL
 * if PUBLIC does not have them.  Needs a transaction.
 */
extern char *cg_emitters_proposal(void);

/* Proposes that command in a NOTICE: once, when the extension has been created. */
extern void cg_emitters_propose(void);

#endif							/* CG_EMITTERS_H */
