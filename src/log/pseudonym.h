/*
 * pseudonym.h
 *		Pseudonyms of the readers in a customer's report.
 *
 * A pseudonym is HMAC-SHA-256 of the actor's name with a random key of the report.  So one
 * reader has one pseudonym within a report, and two reports have none in common.  He has another
 * one in records that name no customer: these are the same in the reports of all customers, and
 * so would lead from one report into the other.  The keys
 * stand in contact_guard.report, which no role can read, until the month in which the report
 * was made is purged, or the customer is erased; as long as there is a decision about it, or the
 * customer is held, no purge takes it.
 */
#ifndef CG_PSEUDONYM_H
#define CG_PSEUDONYM_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define CG_PSEUDONYM_KEY 32		/* bytes */
#define CG_PSEUDONYM_LENGTH 16	/* hexadecimal digits */

/*
 * The key of the report: a new one for each reference and transaction.  customer: as it
 * stands in records.
 */
extern void cg_pseudonym_key(const char *reference, const char *customer, uint8 key[CG_PSEUDONYM_KEY]);

/* Makes the pseudonym in records that name a customer, or name none, with a zero byte at its end. */
extern void cg_pseudonym_make(const uint8 *key, bool named, const char *actor, char name[CG_PSEUDONYM_LENGTH + 1]);

/*
 * Forgets keys and decisions: of reports about this customer; decisions from before this time
 * about this actor; and all from before the beginning of this month.  The last two leave what is
 * about customers who are held; the caller has made sure of that for the first.
 */
extern void cg_pseudonym_forget_customer(const char *customer);
extern void cg_pseudonym_forget_actor(const char *actor, TimestampTz before);
extern void cg_pseudonym_purge(TimestampTz before);

#endif							/* CG_PSEUDONYM_H */
