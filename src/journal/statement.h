/*
 * statement.h
 *		Statement texts without the values in them.
 */
#ifndef CG_STATEMENT_H
#define CG_STATEMENT_H

#include "executor/execdesc.h"

/*
 * The text of the executed statement, palloc'd: constants are replaced by parameters,
 * comments are dropped, white space is folded.  *id is the first 8 bytes of the text's
 * HMAC-SHA-256 under key (32 bytes), and never 0.  Without a key one could search for
 * two texts with the same id, and one of them would stand for the other in the log.
 * NULL and 0 if there is no text.
 */
extern char *cg_statement_normalise(QueryDesc *query, const uint8 *key, int64 *id);

/* The same for any text; text may be NULL. */
extern char *cg_statement_normalise_text(const char *text, const uint8 *key, int64 *id);

/*
 * The original text of the executed statement, up to the length that is scanned.  It is
 * not copied, and no zero byte ends it: see *length.  NULL if there is no text.
 */
extern const char *cg_statement_text(QueryDesc *query, size_t *length);

#endif							/* CG_STATEMENT_H */
