/*
 * owncommand.h
 *		Commands of the library's own code on the extension's own tables.
 */
#ifndef CG_OWNCOMMAND_H
#define CG_OWNCOMMAND_H

#include "access/htup.h"
#include "access/tupdesc.h"

/*
 * Our tables are read in two ways: by the commands below, which use the transaction's
 * snapshot; and by scans where the newest commit counts (journalstate.c, permission.c).
 *
 * Each function below runs one SQL command with the rights of the bootstrap superuser, a
 * pinned search_path and the permission to write our tables.  When it reads the log, no
 * record "audit_read" is made, and nothing is refused to it (cg_owntables_is_writing).
 */

/* Runs a command that writes; nulls as in SPI.  Returns the number of rows written. */
extern uint64 cg_owncommand_execute(const char *sql, int nargs, Oid *types, Datum *values,
								   const char *nulls);

/*
 * Reads the first column of a query's first row, which must be of this type; the value is
 * palloc'd and detoasted.  If there is no row or the value is null: false, and *result
 * does not change.
 */
extern bool cg_owncommand_select(const char *sql, int nargs, Oid *types, Datum *values,
								Oid type, Datum *result);
extern bool cg_owncommand_select_int8(const char *sql, int nargs, Oid *types, Datum *values,
									 int64 *result);

/* Does a query find a row? */
extern bool cg_owncommand_finds(const char *sql, int nargs, Oid *types, Datum *values);

/* Calls a function for each row of a query.  The function may palloc. */
extern void cg_owncommand_query(const char *sql, int nargs, Oid *types, Datum *values,
							   void (*each) (HeapTuple row, TupleDesc tupdesc, void *arg), void *arg);

/*
 * Runs one utility command that event triggers and other libraries do not see.  sql must
 * stay valid until the command ends.
 */
extern void cg_owncommand_utility(char *sql);

/* TRUNCATE of a table of ours; logical decoding does not see it. */
extern void cg_owncommand_truncate(const char *table);

#endif							/* CG_OWNCOMMAND_H */
