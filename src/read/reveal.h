/*
 * reveal.h
 *		reveal(), the one function that every guarded value passes through.
 */
#ifndef CG_REVEAL_H
#define CG_REVEAL_H

#include "fmgr.h"

#include "base/site.h"
#include "compat.h"
#include "policy/mask.h"
#include "read/reads.h"

/* The state of one call site, in the FmgrInfo's memory. */
typedef struct CgRevealState
{
	CgSite		site;
	CgMask		mask;
	Oid			type;			/* of the column */
	int32		typmod;
	Oid			key_type;		/* of the customer, base type */
	bool		is_key;			/* the column is the customer key: keep() only */
} CgRevealState;

/*
 * Begins a call site.  key: the number of the argument that holds the customer.  ERROR
 * if the policy has changed since the query was rewritten.
 */
extern CgRevealState *cg_reveal_begin(FunctionCallInfo fcinfo, int key, int64 packed);

/*
 * Has the actor inserted the row in this transaction?  first: the number of the argument
 * that has its tableoid; the ctid is the next one (plan/calls.h).
 */
extern bool cg_reveal_is_own(FunctionCallInfo fcinfo, int first, const CgRevealState *state, const CgReads *reads);

/* schema.relation.column, palloc'd. */
extern char *cg_reveal_site_name(CgSite site);

/* ERROR feature_not_supported: the column cannot be used here. */
pg_noreturn extern void cg_reveal_refuse_here(const CgRevealState *state);

#endif							/* CG_REVEAL_H */
