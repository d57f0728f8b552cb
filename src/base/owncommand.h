/*
 * owncommand.h
 *		Commands on the extension's own tables, of its own code.
 */
#ifndef CG_OWNCOMMAND_H
#define CG_OWNCOMMAND_H

#include "access/htup.h"
#include "access/tupdesc.h"

/*
 * Our tables are read in two ways: by the commands below, as of the transaction's
 * snapshot, and by a scan of a table of which the newest commit counts (journalstate.c,
 * permission.c).
 *
 * Each runs one SQL command with the bootstrap superuser's rights, a pinned search_path
 * and leave to write our tables.  It is the library's own work: nothing that it reads
 * of the log is a record of event "audit_read", and nothing is refused to it (see
 * cg_owntables_is_writing).
 */

/* A command that writes; nulls as in SPI.  Returns the number of rows written. */
extern uint64 cg_owncommand_execute(const char *sql, int nargs, Oid *types, Datum *values,
								   const char *nulls);

/*
 * The value that a query finds in the first column of its first row, which must be of
 * this type; palloc'd, and detoasted.  False, and *result as it was, if there is no row
 * or it is null.
 */
extern bool cg_owncommand_select(const char *sql, int nargs, Oid *types, Datum *values,
								Oid type, Datum *result);
extern bool cg_owncommand_select_int8(const char *sql, int nargs, Oid *types, Datum *values,
									 int64 *result);

/* Does a query find a row? */
extern bool cg_owncommand_finds(const char *sql, int nargs, Oid *types, Datum *values);

/* Each row of a query is given to a function; it may palloc. */
extern void cg_owncommand_query(const char *sql, int nargs, Oid *types, Datum *values,
							   void (*each) (HeapTuple row, TupleDesc tupdesc, void *arg), void *arg);

/*
 * The same of one utility command, which no event trigger and no other library
 * sees.  sql must stay for as long as the command.
 */
extern void cg_owncommand_utility(char *sql);

/* TRUNCATE of a table of ours, which no logical slot decodes. */
extern void cg_owncommand_truncate(const char *table);

#endif							/* CG_OWNCOMMAND_H */
