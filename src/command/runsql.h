/*
 * runsql.h
 *		Commands on a relation that a function of ours runs for its caller.
 */
#ifndef CG_RUNSQL_H
#define CG_RUNSQL_H

/* Runs a command with the rights of the caller, who owns the relation. */
extern void cg_runsql_execute(const char *sql);

/*
 * The relation's name for such a command, palloc'd.  The caller holds a lock, so that it stays the
 * name of this relation.
 */
extern char *cg_runsql_name(Oid relid);

#endif							/* CG_RUNSQL_H */
