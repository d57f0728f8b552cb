/*
 * launcher.h
 *		The one launcher of a cluster holds the slot and starts recorders.
 */
#ifndef CG_LAUNCHER_H
#define CG_LAUNCHER_H

#include "postgres.h"

extern void cg_launcher_init(void);
extern PGDLLEXPORT void cg_launcher_main(Datum arg);

#endif							/* CG_LAUNCHER_H */
