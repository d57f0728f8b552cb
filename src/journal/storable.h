/*
 * storable.h
 *		Texts as the access log can store them.
 */
#ifndef CG_STORABLE_H
#define CG_STORABLE_H

#include "postgres.h"

extern bool cg_storable_is_ascii(const char *text, size_t length);

/*
 * The text, cut at limit between two characters.  A byte that the database's encoding
 * does not define, or that cannot be converted to UTF-8, becomes \xNN: such a byte could
 * be stored, but not hashed, shown to a client or dumped.  Returns the argument if
 * nothing is to change, else a palloc'd text; NULL for NULL.  Throws only if memory is
 * exhausted.  Needs a transaction.
 */
extern const char *cg_storable_text(const char *text, size_t limit);

#endif							/* CG_STORABLE_H */
