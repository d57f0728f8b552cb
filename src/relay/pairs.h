/*
 * pairs.h
 *		Relay numbers: which one stands between a technician and a customer.
 *
 * A party is the name of a technician, his telephone number, or a customer's number.  A relay
 * number is good for one visit of a party at a time, and thirty days longer: so a caller and
 * the number that he calls name a visit, and who calls too late is told so.
 */
#ifndef CG_PAIRS_H
#define CG_PAIRS_H

#include "relay/contacts.h"

/* The channel of the contact that a relay number stands for: it is good for all channels. */
#define CG_CHANNEL_NUMBER "number"

/*
 * The relay number for the visit of this contact, palloc'd; taken from the pool, if it has
 * none.  NULL if none is free, or the customer has no number.  The caller holds a lock on the
 * relation, has asked its policy, and has called cg_journal_require().
 */
extern char *cg_pairs_take(const CgContact *contact);

/*
 * The contact for which this caller may use this relay number, whether or not its window is
 * open.  caller: see cg_number_is_caller.  False if there is none.
 */
extern bool cg_pairs_find(const char *number, const char *caller, uint8 token[CG_TOKEN_HASH], bool *customer_calls);

/* The relay number at which a customer with this number can call this technician back; or NULL. */
extern char *cg_pairs_present(const CgContact *contact, const char *dial);

/* The telephone number of a technician, palloc'd; or NULL. */
extern char *cg_pairs_telephone(const char *technician);

/* Deletes some that are free again. */
extern void cg_pairs_forget(void);

#endif							/* CG_PAIRS_H */
