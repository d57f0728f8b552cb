/*
 * protect.h
 *		protect(), unprotect().
 */
#ifndef CG_PROTECT_H
#define CG_PROTECT_H

#include "nodes/pg_list.h"

/*
 * Takes the guard off these columns, NIL: off all.  All labels of protection go with the
 * last guarded column.  Who may is not checked.
 */
extern void cg_protect_take_back(Oid relid, List *attnums);

#endif							/* CG_PROTECT_H */
