/*
 * windowspare.h
 *		UPDATEs that cannot move a window, and so need not call note_window() for each row.
 */
#ifndef CG_WINDOWSPARE_H
#define CG_WINDOWSPARE_H

#include "executor/execdesc.h"

/* For an execution that has just been started. */
extern void cg_windowspare_start(QueryDesc *query);

#endif							/* CG_WINDOWSPARE_H */
