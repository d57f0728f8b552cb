/*
 * ddl.h
 *		Changes to guarded relations that would remove the guard or bypass it.
 */
#ifndef CG_DDL_H
#define CG_DDL_H

#include "nodes/pg_list.h"
#include "nodes/plannodes.h"

#include "base/special.h"
#include "compat.h"
#include "policy/commands.h"

/* A running utility statement; they nest.  Only ddl.c uses the fields. */
typedef struct CgDdl
{
	struct CgDdl *outer;
	MemoryContext context;		/* lives as long as the statement */
	Node	   *statement;
	CgCommandKind kind;
	bool		admin;			/* an admin gave it; kept since some commands change the user */
	bool		touches;		/* it looks at rows of a guarded relation */
	List	   *decided;		/* OIDs of relations for which its sub-commands were decided */
	List	   *created;		/* OIDs of relations that it has created */
	List	   *changed;		/* OIDs of relations whose definition calls more than before */
	bool		has_looked;		/* beneath is set */
	List	   *beneath;		/* what definitions called before it; see beneath.h */
	List	   *trusted;		/* OIDs of functions that stay trusted */
	List	   *verdict;		/* what the questions for windows were before it; see verdict.h */
	List	   *watched;		/* whose windows were recorded before it; see watch.h */
} CgDdl;

/*
 * Call this before a command.  ERROR insufficient_privilege or feature_not_supported if the
 * command must not run.  Locks the relation that the command names, in the command's mode
 * and after the command's own check of privileges.  Returns the statement to run: its name
 * cannot mean another relation.
 */
extern PlannedStmt *cg_ddl_prepare(PlannedStmt *pstmt, CgDdl *frame);

/*
 * enter and leave enclose the command: object-access hooks decide for the innermost one.
 * leave goes into a PG_FINALLY, or into both branches.  finish comes after success and may
 * throw.
 */
extern void cg_ddl_enter(CgDdl *frame);
extern void cg_ddl_leave(CgDdl *frame);

/* Only for the functions below. */
extern CG_HIDDEN CgDdl *cg_ddl_current;
extern void cg_ddl_switch(CgDdl *was);

/*
 * suspend and resume enclose a command that is not DDL: in between no command counts as
 * running.  resume takes what suspend has returned.
 */
static inline CgDdl *
cg_ddl_suspend(void)
{
	CgDdl	   *was = cg_ddl_current;

	if (was)
		cg_ddl_switch(NULL);
	return was;
}

static inline void
cg_ddl_resume(CgDdl *was)
{
	if (was || cg_ddl_current)
		cg_ddl_switch(was);
}

extern void cg_ddl_finish(CgDdl *frame);

/* Was the innermost command given by a member of contact_guard_admin? */
extern bool cg_ddl_is_admin(void);

/*
 * note: notes what the innermost command has done or may change.  is: was that noted for
 * it, or for a command around it?
 */
extern void cg_ddl_note_created(Oid relid);
extern void cg_ddl_note_changed(Oid relid);
extern void cg_ddl_note_beneath(void);
extern void cg_ddl_note_trusted(Oid function);
extern bool cg_ddl_is_created(Oid relid);
extern bool cg_ddl_is_decided(Oid relid);

/*
 * A relation or a function is changed.  ERROR insufficient_privilege if the verdict rests
 * on it, and cg_verdict_before() did not expect this of the innermost command.
 */
extern void cg_ddl_require_image(Oid relid, Oid function);

/* ERROR insufficient_privilege: "must be … to <what> relation …". */
pg_noreturn extern void cg_ddl_refuse(Oid relid, const char *what);

/*
 * The same, unless the innermost command was given by an admin, or neither the relation nor
 * a descendant of it is guarded.  For an admin the definition is checked at the end of the
 * command (cg_ddl_note_changed()).
 */
extern void cg_ddl_require_admin(Oid relid, const char *what);

#endif							/* CG_DDL_H */
