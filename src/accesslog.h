/*
 * accesslog.h
 *		Rows of contact_guard.log, a partition a month.
 */
#ifndef CG_ACCESSLOG_H
#define CG_ACCESSLOG_H

#include "nodes/pg_list.h"

#include "leaf.h"
#include "record.h"

typedef struct CgLogRow
{
	int64		seq;
	CgRecordContext context;
	CgRecord	record;
	const char *session;		/* NULL: the recorder's own record */
	uint8		customer_salt[CG_SALT_LENGTH];
	uint8		actor_salt[CG_SALT_LENGTH];
} CgLogRow;

/*
 * Inserts a list of CgLogRow, making partitions that are missing.  Needs a
 * transaction with a snapshot.
 */
extern void cg_accesslog_insert(List *rows);

/* The beginning of the month (UTC's) that a time is in. */
extern TimestampTz cg_accesslog_month(TimestampTz at);

/* Makes the partition log_YYYY_MM, which must not be there. */
extern void cg_accesslog_make_month(int year, int month);

#endif							/* CG_ACCESSLOG_H */
