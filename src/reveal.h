/*
 * reveal.h
 *		The one function that a guarded value passes through.
 */
#ifndef CG_REVEAL_H
#define CG_REVEAL_H

#include "postgres.h"

/*
 * The text of a customer key of this base type, the same whatever the session's
 * settings, palloc'd; NULL for a type that is no key's.
 */
extern char *cg_reveal_key_text(Datum key, Oid type);

#endif							/* CG_REVEAL_H */
