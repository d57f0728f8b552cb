/*
 * written.h
 *		Masks that an application sends back as values to be stored.
 */
#ifndef CG_WRITTEN_H
#define CG_WRITTEN_H

#include "compat.h"
#include "policy/mask.h"
#include "read/reveal.h"

/* Remembers a mask that was made for the actor, of a column of this type. */
extern void cg_written_remember(const CgMask *mask, Datum made, Oid type);

/*
 * Is the value a mask: by its form, or because this session has made it?
 */
extern bool cg_written_is_mask(const CgMask *mask, Datum value, Oid type, int32 typmod);

/* ERROR insufficient_privilege: the mask cannot be stored. */
pg_noreturn extern void cg_written_refuse(const CgRevealState *state);

/* The same: no window lets anybody write a column that is reached by relay. */
pg_noreturn extern void cg_written_refuse_relay(CgSite site);

#endif							/* CG_WRITTEN_H */
