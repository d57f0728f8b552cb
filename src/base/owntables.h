/*
 * owntables.h
 *		The extension's own tables are written by the extension alone.
 */
#ifndef CG_OWNTABLES_H
#define CG_OWNTABLES_H

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
