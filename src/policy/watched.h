/*
 * watched.h
 *		Interventions relations whose changes of windows are recorded.
 *
 * The label of such a relation says "watch".  With "trigger" each row of it has its window,
 * and it has triggers of ours.  With "beneath" it reads tables that have them: a column of
 * such a table has the label "watched", since it has ids of interventions.
 *
 * A row trigger and one for TRUNCATE call note_window() (windowtrigger.c).  Both are known by
 * that function, whatever their names are.
 */
#ifndef CG_WATCHED_H
#define CG_WATCHED_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* What a record says of a TRUNCATE. */
#define CG_WATCHED_TRUNCATED "TRUNCATE has taken rows away"

/* The interventions relations with such a label, as OIDs. */
extern List *cg_watched_named(void);

/* All tables that must have the triggers, as OIDs. */
extern List *cg_watched_list(void);

/* The same for one watched relation: itself, or the tables beneath. */
extern List *cg_watched_tables(Oid relid);

/* Interventions relations that are not watched; without the extension's own, which need not. */
extern List *cg_watched_missing(void);

/* The relation of label "trigger" whose rows this table has: itself or an ancestor; or InvalidOid. */
extern Oid	cg_watched_root(Oid relid);

/* The relations of label "beneath" that read this table, if it has columns with ids. */
extern List *cg_watched_readers(Oid relid);

/* The columns of this table with the label "watched". */
extern List *cg_watched_keys(Oid relid);

/* Notes that the windows of all relations above may have moved by what is done to a table. */
extern void cg_watched_note(Oid relid, const char *why);

/* Can another value of this column of a table move a window?  True if that is not known. */
extern bool cg_watched_decides(Oid relid, const char *column);

/* Why changes of windows by this table, and by each of its children, are not recorded; palloc'd texts. */
extern List *cg_watched_problems(Oid relid);

/* All tables that have triggers of ours, without those that have a clone. */
extern List *cg_watched_with_triggers(void);

/* The names of our triggers of this table; palloc'd. */
extern List *cg_watched_triggers(Oid relid);

#endif							/* CG_WATCHED_H */
