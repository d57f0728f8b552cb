/*
 * recordset.h
 *		Many customers in one item of the journal.
 *
 * An execution that shows a list makes records that differ in the customer and in the
 * time.  What they have in common is written once, and a customer costs a few bytes.
 */
#ifndef CG_RECORDSET_H
#define CG_RECORDSET_H

#include "base/customerkey.h"
#include "journal/record.h"

/*
 * A set with as many bytes or customers is better written: a message is read as a whole,
 * and a customer becomes a record of some hundred bytes there.
 */
#define CG_RECORDSET_BYTES (64 * 1024)
#define CG_RECORDSET_MAX 4096

/* A set that is being made; zeros at first.  Its keys are of one kind. */
typedef struct CgRecordSet
{
	StringInfoData entries;		/* in TopMemoryContext, kept for the next set */
	char		kind;
	uint32		number;
	int64		first_at;
	int64		last_at;
	int64		last_key;
} CgRecordSet;

/* Forgets what is in it. */
extern void cg_recordset_reset(CgRecordSet *set);

/* Throws for want of memory alone. */
extern void cg_recordset_add(CgRecordSet *set, const CgCustomerKey *key, int64 read_at);

/*
 * Appends the item.  like has event, relation, columns, purpose and reason; each record
 * has count 1, and no intervention.
 */
extern void cg_recordset_put(StringInfo out, const CgRecord *like, const CgRecordSet *set);

#endif							/* CG_RECORDSET_H */
