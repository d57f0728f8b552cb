/*
 * reveal.h
 *		The one function that a guarded value passes through.
 */
#ifndef CG_REVEAL_H
#define CG_REVEAL_H

#include "fmgr.h"

#include "base/site.h"
#include "compat.h"
#include "policy/mask.h"

/* What one call site knows, in the FmgrInfo's memory. */
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
 * Begins a call site: key is the number of the customer's argument.  ERROR if the
 * policy is no more what the query was rewritten for.
 */
extern CgRevealState *cg_reveal_begin(FunctionCallInfo fcinfo, int key, int64 packed);

/* schema.relation.column, palloc'd. */
extern char *cg_reveal_site_name(CgSite site);

/* ERROR feature_not_supported. */
pg_noreturn extern void cg_reveal_refuse_here(const CgRevealState *state);

#endif							/* CG_REVEAL_H */
