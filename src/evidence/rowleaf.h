/*
 * rowleaf.h
 *		Makes the leaf of a row that the recorder is about to store.
 */
#ifndef CG_ROWLEAF_H
#define CG_ROWLEAF_H

#include "common/leaf.h"
#include "evidence/logrow.h"

/*
 * The version of the leaves that the recorder makes.  contact_guard.leaf() of the
 * extension's script must know it, too.  If a later version needs a new column of the log,
 * only logs that have this column can use it (docs/evidence.md); this library records into
 * no other log (owncolumns.h).
 */
#define CG_ROWLEAF_VERSION 2

/*
 * Computes the hash of the row's leaf, in the row's leaf version.  query_hash: the hash of
 * the statement's text, or NULL.  Strings that are too long for a leaf are clipped, in the
 * row too.  ERROR if libcrypto fails.
 */
extern void cg_rowleaf_hash(CgHasher *hasher, CgLogRow *row, const uint8 *query_hash, uint8 *hash);

/* A time of PostgreSQL, infinity too, in the form of a leaf. */
extern int64 cg_rowleaf_time(TimestampTz time);

#endif							/* CG_ROWLEAF_H */
