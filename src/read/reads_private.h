/*
 * reads_private.h
 *		The inside of an execution's reads, for reads.c, readlooks.c and readrecords.c
 *		alone.
 */
#ifndef CG_READS_PRIVATE_H
#define CG_READS_PRIVATE_H

#include "common/hashfn.h"
#include "datatype/timestamp.h"

#include "policy/permission.h"
#include "read/reads.h"

/* One relation that the execution has read from. */
typedef struct ReadRelation
{
	Oid			relid;
	char	   *name;
	int			ncolumns;		/* its guarded columns, and their names */
	AttrNumber *attnums;
	char	  **names;
	CgPermission permission;
	TimestampTz permission_at;	/* when that was looked up */
	AttrNumber	counted;		/* the column whose reads are counted */
	uint64		looked_up;		/* columns of a look-up not yet in a record */
	uint64		compared;		/* the same, by a unique index */
	uint64		checked;		/* and by another definition of the relation */
	TimestampTz looked_up_at;
	uint64		columns;		/* of what is only counted */
	int64		uncounted;		/* rows not yet in a record */
	TimestampTz read_at;		/* of the first of them */
	bool		begun;			/* a record of them has been made */
	struct Read *nobody;		/* rows without a customer; NULL: none so far */
} ReadRelation;

/* One customer in one relation. */
typedef struct Read
{
	ReadRelation *relation;
	char	   *customer;		/* NULL: nobody's */
	bool		shown;			/* the verdict of decided_at */
	TimestampTz decided_at;
	TimestampTz until;			/* the end of the window that showed it */
	/* By verdict, 0 withheld and 1 shown: */
	char	   *intervention[2];
	TimestampTz closed_at;		/* of what withheld it */
	const char *reason;
	uint64		noted[2];		/* columns */
	uint64		fresh[2];		/* those not yet in the buffer */
	TimestampTz read_at[2];
	bool		dirty;
	struct Read *next_dirty;
} Read;

typedef struct ReadKey
{
	ReadRelation *relation;
	const char *customer;
} ReadKey;

typedef struct ReadEntry
{
	ReadKey		key;
	uint32		hash;
	char		status;
	Read	   *read;
} ReadEntry;

#define SH_PREFIX readset
#define SH_ELEMENT_TYPE ReadEntry
#define SH_KEY_TYPE ReadKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) \
	hash_combine(hash_bytes((const unsigned char *) (k).customer, strlen((k).customer)), \
				 (k).relation->relid)
#define SH_EQUAL(tb, a, b) ((a).relation == (b).relation && strcmp((a).customer, (b).customer) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct CgReads
{
	MemoryContext context;		/* for as long as the execution */
	MemoryContext read_context; /* for the reads; reset when there are too many */
	QueryDesc  *query;
	int64		statement;
	int64		query_id;		/* good once there is something to record */
	bool		has_query_id;
	CgActor		actor;
	List	   *relations;		/* of ReadRelation */
	readset_hash *set;
	Read	   *dirty;			/* oldest first */
	Read	  **dirty_end;
	bool		required;		/* cg_reads_require has passed */
	const char *audited;		/* what of the access log is read, or NULL */
	TimestampTz audited_at;
	uint64		audited_rows;	/* in records so far */
	uint64		audited_more;	/* rows of the log beyond those of the result */
	bool		audit_begun;	/* there is a record */
	int			looks;			/* questions for one customer */
	struct CgLook *look;		/* at all of the actor's windows; NULL: none yet */
	int			named;			/* customers that withheld records name */
};

/*
 * The verdict of this moment, and what the log says of it.  may_be_open: false is an
 * answer already.
 */
extern void cg_readlooks_look_up(CgReads *reads, Read *read, bool may_be_open, TimestampTz now);

#endif							/* CG_READS_PRIVATE_H */
