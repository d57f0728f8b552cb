/*
 * statement.h
 *		Statement texts without the values in them.
 */
#ifndef CG_STATEMENT_H
#define CG_STATEMENT_H

#include "executor/execdesc.h"

/*
 * The text of what is executed, every constant a parameter, comments dropped,
 * white space folded; palloc'd.  *id is the first 8 bytes of its HMAC-SHA-256
 * under key (32 bytes), never 0: without a key two texts with the same id could
 * be searched for, and one would stand for the other in the log.  NULL and 0
 * where there is no text.
 */
extern char *cg_statement_normalise(QueryDesc *query, const uint8 *key, int64 *id);

/* The same of any text, NULL included. */
extern char *cg_statement_normalise_text(const char *text, const uint8 *key, int64 *id);

/*
 * The text itself, as much as is looked at, where it is and not ended by a zero byte;
 * NULL where there is none.
 */
extern const char *cg_statement_text(QueryDesc *query, size_t *length);

#endif							/* CG_STATEMENT_H */
