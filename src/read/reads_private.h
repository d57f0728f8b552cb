/*
 * reads_private.h
 *		The inside of an execution's reads, only for reads.c, readsearch.c, withheld.c,
 *		readlooks.c and readrecords.c.
 */
#ifndef CG_READS_PRIVATE_H
#define CG_READS_PRIVATE_H

#include "common/hashfn.h"
#include "datatype/timestamp.h"

#include "journal/record.h"
#include "policy/permission.h"
#include "read/readnames.h"
#include "read/reads.h"

/* What one search of a relation compares. */
typedef struct ReadSearch
{
	int			number;			/* of the search in its statement; 0: it has read no row so far */
	uint64		columns;
	AttrNumber	by;				/* the first of them */
	TimestampTz searched_at;
	struct CgSearched *searched;
} ReadSearch;

/* One relation that the execution has read from. */
typedef struct ReadRelation
{
	Oid			relid;
	CgReadNames names;			/* its own, and those of its guarded columns */
	CgPermission permission;
	TimestampTz permission_at;	/* when the permission was looked up */
	uint64		not_meant;		/* columns that the actor's token is not for */
	const char *purpose;		/* of what a window shows */
	const char *reason;			/* of rows without a customer, or that are only counted; NULL: see there */
	AttrNumber	counted;		/* the column whose reads are counted */
	uint64		looked_up;		/* columns of look-ups that are not yet in a record */
	uint64		compared;		/* the same, of comparisons by a unique index */
	uint64		checked;		/* the same, by another definition of the relation */
	TimestampTz looked_up_at;
	uint64		columns;		/* columns read in rows that are only counted */
	int64		uncounted;		/* such rows that are not yet in a record */
	TimestampTz read_at;		/* when the first of these rows was read */
	bool		begun;			/* there is a record of counted rows */
	struct CgRoll *roll;		/* who was shown by a permission; NULL: nobody so far */
	List	   *searches;		/* of ReadSearch */
	struct Read *nobody;		/* rows without a customer; NULL: none so far */
	struct ReadRelation *relayed;	/* its columns that no window shows; NULL: none was read */
	struct ReadRelation *outside;	/* the same, of columns that the token is not for */
} ReadRelation;

/* One customer in one relation. */
typedef struct Read
{
	ReadRelation *relation;
	char	   *customer;		/* NULL: rows without a customer */
	bool		shown;			/* the verdict of decided_at */
	TimestampTz decided_at;
	TimestampTz until;			/* the end of the window that showed it, or of the token */
	CgRecordWindow window;		/* that has shown it last */
	/* The arrays are by verdict: 0 withheld, 1 shown. */
	char	   *intervention[2];
	TimestampTz closed_at;		/* the end of the window that is over */
	const char *reason;
	uint64		noted[2];		/* columns that were read */
	uint64		fresh[2];		/* those that are not yet in the buffer */
	TimestampTz read_at[2];
	bool		own;			/* a row was shown that the actor has inserted */
	bool		dirty;			/* it was shown, and that is not yet in the buffer */
	struct Read *next_dirty;
	/* Of what was withheld: see withheld.c. */
	bool		named;			/* one of those that records may name */
	bool		flowed;			/* not only a condition read it */
	bool		held;			/* it waits for the end, or for the door */
	bool		written;		/* a record names it */
	int64		rows;
	struct Read *next_held;
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
	MemoryContext read_context; /* for those in set; reset when there are too many */
	QueryDesc  *query;
	int64		statement;
	int64		query_id;		/* valid if has_query_id */
	bool		has_query_id;
	CgActor		actor;
	List	   *relations;		/* of ReadRelation */
	Read	   *first;			/* most executions have no other */
	readset_hash *set;			/* the others; NULL: none */
	Read	   *dirty;			/* oldest first */
	Read	  **dirty_end;
	bool		required;		/* cg_reads_require has passed */
	const char *audited;		/* the relation of the access log that is read, or NULL */
	bool		audited_common; /* that is log_common */
	TimestampTz audited_at;
	uint64		audited_rows;	/* in records so far */
	uint64		audited_more;	/* rows of the log beyond those of the result */
	bool		audit_begun;	/* there is a record of it */
	int			looks;			/* number of questions for one customer so far */
	struct CgLook *look;		/* at all of the actor's windows; NULL: none yet */
	/* See withheld.c. */
	Read	   *held;			/* oldest first */
	Read	  **held_end;
	int			named;			/* customers among them, and in records */
	bool		crowd;			/* there were more: they are counted */
	bool		made_way;		/* has waited for the recorder, if that was necessary */
};

/* For what is kept with a read. */
static inline MemoryContext
cg_reads_context_of(const CgReads *reads, const Read *read)
{
	return read == reads->first ? reads->context : reads->read_context;
}

/* The ReadRelation of a relation, which is made if there is none.  ERROR if it is not guarded any more. */
extern ReadRelation *cg_reads_relation(CgReads *reads, Oid relid);

/* Has the actor a standing permission?  It is looked up again when the last look is a second old. */
extern bool cg_reads_permits(CgReads *reads, ReadRelation *relation, TimestampTz now);

/* The bit of a guarded column in a set of columns. */
extern uint64 cg_reads_bit(const ReadRelation *relation, AttrNumber attnum);

/* The Read of a customer, or NULL; and a new one, with no verdict yet. */
extern Read *cg_reads_find(CgReads *reads, ReadRelation *relation, const char *customer);
extern Read *cg_reads_add(CgReads *reads, ReadRelation *relation, const char *customer);

/* The Read of the rows that belong to no customer. */
extern Read *cg_withheld_nobody(CgReads *reads, ReadRelation *relation);

/* Of a column that is not guarded (the customer key) the token says nothing. */
static inline bool
cg_reads_is_not_meant(const ReadRelation *relation, AttrNumber attnum)
{
	if (likely(relation->not_meant == 0))
		return false;
	for (int i = 0; i < relation->names.ncolumns; i++)
		if (relation->names.attnums[i] == attnum)
			return (relation->not_meant & UINT64CONST(1) << i) != 0;
	return false;
}

/*
 * Sets the verdict of this moment, and its reason for the log.  may_be_open false: no
 * window is open, so nothing is asked.
 */
extern void cg_readlooks_look_up(CgReads *reads, Read *read, bool may_be_open, TimestampTz now);

/* Why the actor's token shows nothing any more, as a reason for records, or NULL. */
extern const char *cg_readlooks_lapse(const CgReads *reads, TimestampTz now);

/* Counts a row once, however many of its columns are read. */
extern void cg_withheld_count_row(CgReads *reads, ReadRelation *relation, AttrNumber attnum, TimestampTz now);

/*
 * A customer is withheld who has no Read yet.  Can he be named no more?  Then his row is
 * counted, and none is needed.
 */
extern bool cg_withheld_is_crowd(CgReads *reads, ReadRelation *relation, const CgSite *site, TimestampTz now);

/*
 * Notes that a column of a customer was withheld.  Both may wait for the recorder, at the
 * first time in an execution, and throw then.
 */
extern void cg_withheld_note(CgReads *reads, Read *read, const CgSite *site, TimestampTz now);

/* The same for a column that no window shows. */
extern void cg_withheld_relayed(CgReads *reads, ReadRelation *relation, const CgSite *site,
								const char *customer, TimestampTz now);

/* The relation's columns that the actor's token is not for, as a relation that nothing shows. */
extern ReadRelation *cg_withheld_outside(CgReads *reads, ReadRelation *relation);

/* Notes that such a column was withheld. */
extern void cg_withheld_not_meant(CgReads *reads, ReadRelation *outside, const CgSite *site,
								  const CgCustomerKey *key, TimestampTz now);

/* Has the writer write a record of each customer that is held, or counts his rows. */
typedef void (*CgWithheldWriter) (Read *read);
extern void cg_withheld_settle(CgReads *reads, CgWithheldWriter writer);

#endif							/* CG_READS_PRIVATE_H */
