/*
 * owntables.h
 *		The extension's own tables are written by the extension alone.
 */
#ifndef CG_OWNTABLES_H
#define CG_OWNTABLES_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/nodes.h"

/*
 * SQL: is a record held, against purge() and erase_actor()?  One of a customer who is;
 * and where anybody is, bulk reads, which read everybody's, and erasures, without whose
 * records contact-guard would miss the values.
 */
#define CG_IS_HELD "coalesce(customer IN (SELECT customer FROM contact_guard.held) OR " \
	"(event IN ('bulk', 'erasure') AND EXISTS (SELECT FROM contact_guard.held)), false)"

extern void cg_owntables_init(void);

/*
 * A relation is about to be dropped.  permission.c sets it: the permissions on the
 * relation go, with records.
 */
extern void (*cg_owntables_on_drop) (Oid relid);

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
extern uint64 cg_owntables_execute(const char *sql, int nargs, Oid *types, Datum *values,
								   const char *nulls);

/*
 * The value that a query finds in the first column of its first row, which must be of
 * this type; palloc'd, and detoasted.  False, and *result as it was, if there is no row
 * or it is null.
 */
extern bool cg_owntables_select(const char *sql, int nargs, Oid *types, Datum *values,
								Oid type, Datum *result);
extern bool cg_owntables_select_int8(const char *sql, int nargs, Oid *types, Datum *values,
									 int64 *result);

/* Does a query find a row? */
extern bool cg_owntables_finds(const char *sql, int nargs, Oid *types, Datum *values);

/* Each row of a query is given to a function; it may palloc. */
extern void cg_owntables_query(const char *sql, int nargs, Oid *types, Datum *values,
							   void (*each) (HeapTuple row, TupleDesc tupdesc, void *arg), void *arg);

/*
 * The same of one utility command, which no event trigger and no other library
 * sees.  sql must stay for as long as the command.
 */
extern void cg_owntables_utility(char *sql);

/* TRUNCATE of a table of ours, which no logical slot decodes. */
extern void cg_owntables_truncate(const char *table);

/* The recorder: all that this process does is such a command. */
extern void cg_owntables_trust_process(void);

extern bool cg_owntables_is_process_ours(void);

/* For owncommand.c alone: leave to write; returns whether there was. */
extern bool cg_owntables_allow_writing(bool allow);

/*
 * Is such a command under way?  Then our tables may be written, and what is read is no
 * record.
 */
extern bool cg_owntables_is_writing(void);

/* ERROR insufficient_privilege if a command would change one of our tables. */
extern void cg_owntables_check_command(Node *statement);

/*
 * DROP EXTENSION reaches our tables before the extension itself, so the code that has
 * checked that command says so here.  Set it back to false in a PG_FINALLY.
 */
extern void cg_owntables_allow_drop(bool allow);

#endif							/* CG_OWNTABLES_H */
