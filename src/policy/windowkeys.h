/*
 * windowkeys.h
 *		The index, and the scan keys, of a question for windows.
 */
#ifndef CG_WINDOWKEYS_H
#define CG_WINDOWKEYS_H

#include "access/relscan.h"
#include "access/skey.h"
#include "nodes/pg_list.h"

#define CG_WINDOWKEYS_MAX 8

typedef struct CgWindowKeys
{
	Oid			index;			/* InvalidOid: there is none that helps */
	int			nkeys;
	ScanKeyData keys[CG_WINDOWKEYS_MAX];
	int			params[CG_WINDOWKEYS_MAX];	/* $n that a key compares with, or 0: its own constant */
} CgWindowKeys;

/*
 * The btree index of this relation that helps most with these AND-ed conditions (varno
 * 1), in the current memory context.  Returns those that the keys do not say.
 */
extern List *cg_windowkeys_find(Relation rel, List *quals, CgWindowKeys *keys);

/* Has every key a value?  Without one no row can be what it asks for. */
extern bool cg_windowkeys_are_given(const CgWindowKeys *keys, const bool *given);

/* Begins a scan with $1 and so on from values.  End it with index_endscan(). */
extern IndexScanDesc cg_windowkeys_begin(const CgWindowKeys *keys, Relation rel, Relation index,
										 const Datum *values, Snapshot snapshot);

#endif							/* CG_WINDOWKEYS_H */
