/*
 * quoting.h
 *		Expressions over stored values that may fail when a row is written.
 */
#ifndef CG_QUOTING_H
#define CG_QUOTING_H

#include "nodes/nodes.h"

/*
 * Has the guarded relation, or a guarded relation below it, a check, a generated column
 * or an index over guarded columns that does more than compare?  Then an error may quote
 * a value.  Looks into catalogs; the answer is kept until any relation changes.
 */
extern bool cg_quoting_may(Oid relid);

/* May the expression of a definition fail?  True for everything that is not listed. */
extern bool cg_quoting_may_fail(Node *expression);

#endif							/* CG_QUOTING_H */
