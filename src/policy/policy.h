/*
 * policy.h
 *		The policy of a relation, from its own labels and those of its ancestors.
 */
#ifndef CG_POLICY_H
#define CG_POLICY_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

#include "policy/mask.h"

/* The most columns of one relation: records keep sets of them as 64 bits. */
#define CG_GUARDED_MAX 64

/* shape_key() and shape_of() in policycache.c know every field. */
typedef struct CgGuarded
{
	AttrNumber	attnum;
	CgMask		mask;
	char	   *spec;			/* the mask as the label writes it */
	bool		relay;			/* an open window shows the mask, too */
} CgGuarded;

/* The state of row security before protect() turned it on and forced it. */
typedef enum CgRowSecurity
{
	CG_ROW_SECURITY_FORCED,		/* also if protect() has not changed it */
	CG_ROW_SECURITY_ON,
	CG_ROW_SECURITY_DORMANT,	/* off, with policies that were not in force */
	CG_ROW_SECURITY_OFF
} CgRowSecurity;

/* The part that relations share if they are guarded alike; belongs to policycache.c. */
typedef struct CgPolicyShape CgPolicyShape;

typedef struct CgPolicy
{
	Oid			relid;			/* hash key */
	bool		valid;			/* valid, generation and shape belong to policycache.c */
	uint32		generation;
	CgPolicyShape *shape;
	Oid			toast_of;		/* the relation whose long values it holds, or 0 */
	bool		audited;		/* part of the access log: a read of it is recorded */
	bool		unpinned;		/* an admin accepts the functions that its definition calls */
	bool		hide;			/* rows of customers without a window do not exist */
	CgRowSecurity row_security; /* before protect() forced it; the relation's own */
	char	   *broken;			/* why no guarded column can be read, or NULL */
	AttrNumber	customer;		/* the customer key; 0 if broken */
	int			nguarded;		/* 0: no column of the relation is guarded */
	CgGuarded  *guarded;		/* by attnum */
	List	   *ancestors;		/* OIDs of tables that it inherits from */
} CgPolicy;

extern void cg_policy_init(void);

/*
 * The policy of a relation, or NULL if no column of it is guarded.  Valid until the
 * next call; copy what you keep.  Takes no lock: the caller must hold one on the
 * relation, as on every relation of a range table.
 */
extern const CgPolicy *cg_policy_get(Oid relid);

/*
 * ERROR feature_not_supported if it holds long values of guarded columns or of the log,
 * insufficient_privilege if those are of statistics.
 */
extern void cg_policy_refuse_toast(Oid relid);

/* Is it a table or a view of the access log? */
extern bool cg_policy_is_audited(Oid relid);

/*
 * Has this session found guarded columns in the relation?  Looks only into memory, for
 * use after an error was thrown.
 */
extern bool cg_policy_is_known(Oid relid);

/* Does this transaction hold a lock on such a relation?  Looks only into memory, too. */
extern bool cg_policy_is_any_locked(void);

/* The guard on a column, or NULL. */
extern const CgGuarded *cg_policy_column(const CgPolicy *policy, AttrNumber attnum);

/*
 * For code that builds a policy: guards a column, unless it is guarded already.  One label
 * of a relation or an ancestor that says relay is enough.  ERROR invalid_parameter_value if
 * spec is not a mask.
 */
extern void cg_policy_guard(CgPolicy *policy, AttrNumber attnum, const char *spec, bool relay);

/* The name of the row security policy that hides all rows when the library is not loaded. */
#define CG_POLICY_NO_ROWS "contact_guard_no_rows"

/* Is it a catalog that holds statistics of columns? */
extern bool cg_policy_is_statistics(Oid relid);

/*
 * ERROR too_many_columns if with these columns more than CG_GUARDED_MAX would be guarded:
 * the policy would be broken, and nobody could read the guarded columns.
 */
extern void cg_policy_check_number(Oid relid, List *attnums);

#endif							/* CG_POLICY_H */
