/*
 * sent.h
 *		Values as the stream of rows sends them, and what many rows have in common.
 */
#ifndef CG_SENT_H
#define CG_SENT_H

#include "lib/stringinfo.h"

/* A value with its length before it, as it is sent */
typedef struct CgSentValue
{
	const char *data;
	int			length;
} CgSentValue;

/* A row of contact_guard.log_common */
typedef struct CgSentCommon
{
	int32		number;			/* the key */
	bool		login_is_actor;
	CgSentValue relation;
	CgSentValue columns;
	CgSentValue count;
	CgSentValue purpose;
	CgSentValue reason;
	CgSentValue identity;
} CgSentCommon;

typedef struct CgSentCache CgSentCache;

/* Needs a memory context that is kept as long as the cache is used.  Reads no table. */
extern CgSentCache *cg_sent_open(void);

/* Forgets what is kept if it is too much.  Call it before each row. */
extern void cg_sent_begin_row(CgSentCache *cache);

/* Appends a value: its length and its bytes.  ERROR if it is of a type that no column has. */
extern void cg_sent_put(CgSentCache *cache, StringInfo out, Oid type, Datum value);
extern void cg_sent_put_bytes(StringInfo out, const void *data, int length);
extern void cg_sent_put_null(StringInfo out);

/*
 * The row of log_common with this number, and the text of a statement, by the active snapshot.
 * Where there is no such row, all values are NULL.  Valid until the next cg_sent_begin_row.
 */
extern const CgSentCommon *cg_sent_common(CgSentCache *cache, int32 number);
extern CgSentValue cg_sent_query(CgSentCache *cache, int64 query_id);

#endif							/* CG_SENT_H */
