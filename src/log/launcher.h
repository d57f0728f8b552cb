/*
 * launcher.h
 *		One process for the cluster: the slot, and who needs a recorder.
 */
#ifndef CG_LAUNCHER_H
#define CG_LAUNCHER_H

#include "postgres.h"

extern void cg_launcher_init(void);
extern PGDLLEXPORT void cg_launcher_main(Datum arg);

#endif							/* CG_LAUNCHER_H */
