/*
 * watch.h
 *		The triggers that record changes of windows: made, taken away, and kept.
 */
#ifndef CG_WATCH_H
#define CG_WATCH_H

#include "nodes/parsenodes.h"
#include "utils/array.h"

/*
 * The columns that the argument "watched" names, as an opaque list.  Locks their tables.  ERROR
 * if a name is none of an existing column, or the caller may not set a policy on its table.
 */
extern List *cg_watch_columns(ArrayType *names);

/*
 * Makes the triggers: of the relation itself, or of the tables of such columns, which get
 * their labels.  The relation's own labels must be there.  The caller owns the relation, and
 * holds a lock on it.  ERROR feature_not_supported if changes of its windows cannot be recorded.
 */
extern void cg_watch_make(Oid relid, const List *columns);

/* Takes all that away, with what other relations do not need.  The labels must still be there. */
extern void cg_watch_forget(Oid relid);

/* Takes our triggers away from one table, or all that is watched away. */
extern void cg_watch_drop(Oid relid);
extern void cg_watch_retire(void);

/*
 * Call it before a command, and hand the result to cg_watch_after() after the command.  That
 * throws ERROR insufficient_privilege if a watched relation has lost a trigger, and the
 * command was not given by an admin; an admin's is recorded.  relids: the relations that an
 * ALTER TABLE may reach.
 */
extern List *cg_watch_before(Node *statement, List *relids);
extern void cg_watch_after(List *before, bool admin);

/* A table is truncated: the trigger of a partition's parent does not hear of it. */
extern void cg_watch_truncate(Oid relid);

/* A relation is dropped, and is still there.  The rows of a partition go with it. */
extern void cg_watch_drop_partition(Oid relid);

#endif							/* CG_WATCH_H */
