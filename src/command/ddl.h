/*
 * ddl.h
 *		Changes to guarded relations that would take the guard away or get past it.
 */
#ifndef CG_DDL_H
#define CG_DDL_H

#include "nodes/pg_list.h"
#include "nodes/plannodes.h"

#include "compat.h"
#include "policy/commands.h"

/* One utility statement under way; they nest.  ddl.c alone looks inside. */
typedef struct CgDdl
{
	struct CgDdl *outer;
	MemoryContext context;		/* lives as long as the statement */
	Node	   *statement;
	CgCommandKind kind;
	bool		admin;			/* who gave it; some commands change the user while they run */
	bool		touches;		/* it looks at rows of a guarded relation */
	List	   *decided;		/* OIDs of relations that its sub-commands were decided for */
	List	   *created;		/* OIDs of relations that it has made */
	List	   *changed;		/* OIDs of relations whose definition calls more than before */
	bool		has_looked;		/* beneath is filled in */
	List	   *beneath;		/* what definitions called before it; see beneath.h */
	List	   *trusted;		/* OIDs of functions whose trust goes on */
	List	   *verdict;		/* what interventions were asked by before it; see verdict.h */
} CgDdl;

/*
 * Before a command: ERROR insufficient_privilege or feature_not_supported where it
 * must not run.  Locks what the command names as the command will, after the
 * command's own check of privileges, and returns the statement to run, in which
 * the name cannot mean another relation.
 */
extern PlannedStmt *cg_ddl_prepare(PlannedStmt *pstmt, CgDdl *frame);

/*
 * Around the command itself: object-access hooks decide for the innermost.  leave
 * goes into a PG_FINALLY, or both branches; finish comes after success and may
 * throw.
 */
extern void cg_ddl_enter(CgDdl *frame);
extern void cg_ddl_leave(CgDdl *frame);

/*
 * Around a command that is no DDL: until resume, which is given the result, it is as
 * in a query that is run by itself.
 */
extern CgDdl *cg_ddl_suspend(void);
extern void cg_ddl_resume(CgDdl *was);
extern void cg_ddl_finish(CgDdl *frame);

/* Was the innermost command given by a member of contact_guard_admin? */
extern bool cg_ddl_is_admin(void);

/* What the innermost command, or one around it, has done so far; what it may change. */
extern void cg_ddl_note_created(Oid relid);
extern void cg_ddl_note_changed(Oid relid);
extern void cg_ddl_note_beneath(void);
extern void cg_ddl_note_trusted(Oid function);
extern bool cg_ddl_is_created(Oid relid);
extern bool cg_ddl_is_decided(Oid relid);

/*
 * A relation or a function is changed: ERROR insufficient_privilege if the verdict
 * rests on it and the innermost command was not known to be about such.
 */
extern void cg_ddl_require_image(Oid relid, Oid function);

/* ERROR insufficient_privilege: "must be … to <what> relation …". */
pg_noreturn extern void cg_ddl_refuse(Oid relid, const char *what);

/*
 * The same, unless the innermost command was given by an admin, or neither the relation
 * nor a descendant of it is guarded.  For an admin the definition is looked at in the
 * end (cg_ddl_note_changed()).
 */
extern void cg_ddl_require_admin(Oid relid, const char *what);

#endif							/* CG_DDL_H */
