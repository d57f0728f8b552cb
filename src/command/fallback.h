/*
 * fallback.h
 *		Row security that keeps a table shut where the library is not loaded.
 */
#ifndef CG_FALLBACK_H
#define CG_FALLBACK_H

#include "postgres.h"

/*
 * Enables and forces row security, with policies that fail without the library.  *before
 * becomes the state before, "off", "on" or "forced", unless it is set already.
 */
extern void cg_fallback_make(Oid relid, char **before);

/* Puts row security back, but leaves it on if the table now has policies of its own. */
extern void cg_fallback_remove(Oid relid, const char *before);

#endif							/* CG_FALLBACK_H */
