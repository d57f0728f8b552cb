/*
 * quoting.h
 *		What is computed of stored values when a row is written, and may fail.
 */
#ifndef CG_QUOTING_H
#define CG_QUOTING_H

#include "nodes/nodes.h"

/*
 * Has the guarded relation, or one that is guarded below it, a check, a generated column or
 * an index over guarded columns that does more than compare, so that an error may quote
 * a value?  Looks into catalogs; the answer is kept until any relation changes.
 */
extern bool cg_quoting_may(Oid relid);

/* Can an expression of a definition fail, as far as is known? */
extern bool cg_quoting_may_fail(Node *expression);

#endif							/* CG_QUOTING_H */
