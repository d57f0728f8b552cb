/*
 * windowtrigger.h
 *		note_window(): the trigger that notes which windows a write has moved.
 */
#ifndef CG_WINDOWTRIGGER_H
#define CG_WINDOWTRIGGER_H

#include "nodes/bitmapset.h"
#include "utils/relcache.h"

#define CG_WINDOWTRIGGER_FUNCTION "note_window"

/*
 * Can other values of these columns of a table, and of no others, move a window?  True if that
 * is not known.  Columns are as in ExecGetUpdatedCols().
 */
extern bool cg_windowtrigger_can_move(Relation rel, const Bitmapset *columns);

#endif							/* CG_WINDOWTRIGGER_H */
