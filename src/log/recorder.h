/*
 * recorder.h
 *		The background worker which turns a database's journal into its access log.
 */
#ifndef CG_RECORDER_H
#define CG_RECORDER_H

#include "postgres.h"

#include "access/xlogdefs.h"

extern PGDLLEXPORT void cg_recorder_main(Datum arg);

/* Are all messages of this database that are announced so far before this position? */
extern bool cg_recorder_is_caught_up(XLogRecPtr position);

#endif							/* CG_RECORDER_H */
