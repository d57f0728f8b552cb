/*
 * xactend.h
 *		The library's share of PostgreSQL's callbacks at the end of a transaction.
 *
 * PostgreSQL calls them at least twice in each transaction of each session.
 */
#ifndef CG_XACTEND_H
#define CG_XACTEND_H

#include "access/xact.h"

typedef void (*CgXactHandler) (XactEvent event);

extern void cg_xactend_init(void);

/*
 * The handler is called at each event of each transaction, as PostgreSQL does it, but only in a
 * session for which special.h says that there is something to check.
 */
extern void cg_xactend_on_event(CgXactHandler handler);

#endif							/* CG_XACTEND_H */
