/*
 * policy.h
 *		What is guarded in a relation, from its labels and its ancestors'.
 */
#ifndef CG_POLICY_H
#define CG_POLICY_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

#include "policy/mask.h"

/* Columns of one relation: records keep sets of them as 64 bits. */
#define CG_GUARDED_MAX 64

/* shape_key() and shape_of() in policycache.c know every field. */
typedef struct CgGuarded
{
	AttrNumber	attnum;
	CgMask		mask;
	char	   *spec;			/* the mask as the label has it */
} CgGuarded;

/* What row security was before protect() turned it on and forced it. */
typedef enum CgRowSecurity
{
	CG_ROW_SECURITY_FORCED,		/* or protect() has left it alone */
	CG_ROW_SECURITY_ON,
	CG_ROW_SECURITY_DORMANT,	/* off, with policies that were not in force */
	CG_ROW_SECURITY_OFF
} CgRowSecurity;

/* What relations that are guarded alike share: policycache.c's. */
typedef struct CgPolicyShape CgPolicyShape;

typedef struct CgPolicy
{
	Oid			relid;			/* hash key */
	bool		valid;			/* this, generation and shape: policycache.c's */
	uint32		generation;
	CgPolicyShape *shape;
	Oid			toast_of;		/* it holds long values of that relation */
	bool		audited;		/* it is the access log's: reading it is a record */
	bool		unpinned;		/* an admin accepts what its definition calls */
	bool		hide;			/* rows of customers without a window do not exist */
	CgRowSecurity row_security; /* before protect() forced it; the relation's own */
	char	   *broken;			/* why no guarded column can be read, or NULL */
	AttrNumber	customer;		/* the customer key; 0 if broken */
	int			nguarded;		/* 0: nothing of the relation is guarded */
	CgGuarded  *guarded;		/* by attnum */
	List	   *ancestors;		/* OIDs of tables that it inherits from */
} CgPolicy;

extern void cg_policy_init(void);

/*
 * The policy of a relation, or NULL if nothing in it is guarded.  Valid until
 * the next call; copy what you keep.  Takes no lock: the caller has one, as a
 * relation in a range table has.
 */
extern const CgPolicy *cg_policy_get(Oid relid);

/* ERROR feature_not_supported if it holds long values of what is guarded, or of the log. */
extern void cg_policy_refuse_toast(Oid relid);

/* Is it a table or a view of the access log? */
extern bool cg_policy_is_audited(Oid relid);

/*
 * Has this session found something guarded in the relation?  Looks into memory
 * alone, for use where an error has been thrown.
 */
extern bool cg_policy_is_known(Oid relid);

/* Does this transaction hold a lock on one of those?  Memory alone, again. */
extern bool cg_policy_is_any_locked(void);

/* The guard on a column, or NULL. */
extern const CgGuarded *cg_policy_column(const CgPolicy *policy, AttrNumber attnum);

/*
 * For those who build a policy: guards a column, unless it is guarded already.
 * ERROR invalid_parameter_value for what is not a mask.
 */
extern void cg_policy_guard(CgPolicy *policy, AttrNumber attnum, const char *spec);

/* The name of the row security policy that lets no row through without the library. */
#define CG_POLICY_NO_ROWS "contact_guard_no_rows"

/* Is it a catalog that holds statistics of columns? */
extern bool cg_policy_is_statistics(Oid relid);

/*
 * ERROR too_many_columns if with these more columns of the relation would be guarded
 * than CG_GUARDED_MAX: the policy would be broken, and the table closed to everybody.
 */
extern void cg_policy_check_number(Oid relid, List *attnums);

#endif							/* CG_POLICY_H */
