/*
 * logrow.h
 *		A row of contact_guard.log in the recorder, before it is stored.
 */
#ifndef CG_LOGROW_H
#define CG_LOGROW_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "common/leaf.h"
#include "common/salt.h"
#include "journal/record.h"

typedef struct CgLogRow
{
	int64		seq;
	int			leaf_version;
	int32		common;			/* its row in contact_guard.log_common, or 0 */
	CgRecordContext context;
	CgRecord	record;
	const char *session;		/* NULL: the recorder's own record */
	uint8		secret[CG_SECRET_LENGTH];	/* of which the salts are made */
	uint8		customer_salt[CG_SALT_LENGTH];
	uint8		actor_salt[CG_SALT_LENGTH];
	uint8		execution_salt[CG_SALT_LENGTH];
} CgLogRow;

/* The beginning of the month of a time, in UTC. */
extern TimestampTz cg_logrow_month(TimestampTz at);

#endif							/* CG_LOGROW_H */
