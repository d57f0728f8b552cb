/*
 * fallback.h
 *		Row security that keeps a table shut where the library is not loaded.
 */
#ifndef CG_FALLBACK_H
#define CG_FALLBACK_H

#include "postgres.h"

/*
 * Turns row security on and forces it, with a restrictive policy that fails
 * without the library; and, on a table that had none, a permissive one.
 */
extern void cg_fallback_make(Oid relid);

/* Takes back what cg_fallback_make made, row security itself if no policy is left. */
extern void cg_fallback_remove(Oid relid);

#endif							/* CG_FALLBACK_H */
