/*
 * statement.h
 *		Statement texts without the values in them.
 */
#ifndef CG_STATEMENT_H
#define CG_STATEMENT_H

#include "executor/execdesc.h"

/*
 * The text of what is executed, every constant a parameter, comments dropped,
 * white space folded; palloc'd.  *id is the first 8 bytes of its SHA-256, never
 * 0.  NULL and 0 where there is no text.
 */
extern char *cg_statement_normalise(QueryDesc *query, int64 *id);

#endif							/* CG_STATEMENT_H */
