/*
 * forward.h
 *		A session of a standby asks the primary, and sends its records there.
 */
#ifndef CG_FORWARD_H
#define CG_FORWARD_H

#include "lib/stringinfo.h"

#include "compat.h"

/* Is this a standby whose sessions ask the primary (contact_guard.standby_reads)? */
extern bool cg_forward_is_on(void);

/*
 * Asks the primary; kind and body: see forwardseal.h.  Returns the body of the answer, which is
 * valid until the next call in this file.  ERROR if there is no answer in time.  Needs a
 * transaction.
 */
extern StringInfo cg_forward_ask(char kind, const StringInfoData *body);

/*
 * Sends items as one message of this session.  withheld: nothing in it was shown.  True if the
 * primary has made it as durable as contact_guard.durability says there.  False if it is not known to be: then it is not sent
 * again, and the records are lost until cg_forward_forgive().  Throws only if it is interrupted,
 * or if memory is exhausted; they are lost then, too.  Needs no transaction.
 */
extern bool cg_forward_write(const char *items, size_t length, bool withheld);

/*
 * Are there lost records?  What they are about must not leave.  Forgive them when it is
 * certain that it does not.
 */
extern bool cg_forward_has_lost(void);
extern void cg_forward_lose(const char *why);
extern void cg_forward_forgive(void);

/* Throws the ERROR that says that the primary does not answer. */
pg_noreturn extern void cg_forward_fail(void);

/* The text of that error, for who cannot throw. */
extern const char *cg_forward_failed_message(void);
extern const char *cg_forward_failed_hint(void);

/* Asks the primary now; palloc'd, why it does not answer, or NULL.  Needs a transaction. */
extern char *cg_forward_problem(void);

/* application_name, for a record; with the standby's name where it is one that forwards. */
extern const char *cg_forward_application(void);

#endif							/* CG_FORWARD_H */
