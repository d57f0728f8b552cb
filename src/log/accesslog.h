/*
 * accesslog.h
 *		Rows of contact_guard.log, which has one partition for each month.
 */
#ifndef CG_ACCESSLOG_H
#define CG_ACCESSLOG_H

#include "nodes/pg_list.h"

#include "evidence/logrow.h"

/*
 * Inserts a list of CgLogRow, and creates partitions that are missing.  Needs a
 * transaction with a snapshot.
 */
extern void cg_accesslog_insert(List *rows);

/* Creates the partition log_YYYY_MM, which must not exist. */
extern void cg_accesslog_make_month(int year, int month);

#endif							/* CG_ACCESSLOG_H */
