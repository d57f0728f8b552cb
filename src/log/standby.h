/*
 * standby.h
 *		What the launcher does on a standby: it keeps WAL for a promotion.
 */
#ifndef CG_STANDBY_H
#define CG_STANDBY_H

#include "postgres.h"

/* The launcher calls this in each turn of its loop while the server is in recovery. */
extern void cg_standby_turn(void);

extern PGDLLEXPORT void cg_standby_visitor_main(Datum arg);

#endif							/* CG_STANDBY_H */
