/*
 * recorder.h
 *		The background worker which turns a database's journal into its access log.
 */
#ifndef CG_RECORDER_H
#define CG_RECORDER_H

#include "postgres.h"

extern PGDLLEXPORT void cg_recorder_main(Datum arg);

#endif							/* CG_RECORDER_H */
