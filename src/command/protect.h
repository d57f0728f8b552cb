/*
 * protect.h
 *		protect(), unprotect().
 */
#ifndef CG_PROTECT_H
#define CG_PROTECT_H

#include "nodes/pg_list.h"

/*
 * Removes the guard of these columns; NIL: of all.  With the last guarded column all labels
 * of protection are removed.  The caller checks privileges.
 */
extern void cg_protect_take_back(Oid relid, List *attnums);

#endif							/* CG_PROTECT_H */
