/*
 * storable.h
 *		Texts as the access log can store them.
 */
#ifndef CG_STORABLE_H
#define CG_STORABLE_H

#include "postgres.h"

extern bool cg_storable_is_ascii(const char *text, size_t length);

/*
 * The text, cut at limit between two characters, and with each byte that the
 * database's encoding does not define, or UTF-8 has nothing for, as \xNN: such
 * bytes can be stored, but not be hashed, shown to a client or dumped.  Itself
 * where nothing is to be done, else palloc'd; NULL for NULL.  Throws for want of
 * memory alone.  Needs a transaction.
 */
extern const char *cg_storable_text(const char *text, size_t limit);

#endif							/* CG_STORABLE_H */
