/*
 * rowleaf.h
 *		From a row of the log, as the recorder has it, to its leaf.
 */
#ifndef CG_ROWLEAF_H
#define CG_ROWLEAF_H

#include "common/leaf.h"
#include "evidence/logrow.h"

/*
 * The version of the leaves that the recorder makes: one that contact_guard.leaf() of
 * the extension's script knows as well.  A later one that needs a column which an
 * older script's log lacks is for those logs that have it (docs/evidence.md).
 */
#define CG_ROWLEAF_VERSION 1

/*
 * The hash of the leaf of the version that the row has.  query_hash: of the statement's text, or NULL.  Strings longer
 * than a leaf can hold are clipped, in the row too.  ERROR if libcrypto fails.
 */
extern void cg_rowleaf_hash(CgHasher *hasher, CgLogRow *row, const uint8 *query_hash, uint8 *hash);

/* PostgreSQL's time as a leaf has it. */
extern int64 cg_rowleaf_time(TimestampTz time);

#endif							/* CG_ROWLEAF_H */
