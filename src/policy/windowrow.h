/*
 * windowrow.h
 *		The window of one row of an interventions relation.
 */
#ifndef CG_WINDOWROW_H
#define CG_WINDOWROW_H

#include "executor/tuptable.h"

#include "journal/windowrecord.h"
#include "policy/interventions.h"

typedef struct CgWindowRow CgWindowRow;

/*
 * What computes the window of a row of this relation, kept with the relation's questions.
 * The relation must be a table, and its questions must not be broken.  ERROR
 * feature_not_supported if the window cannot be computed from the row alone.
 */
extern CgWindowRow *cg_windowrow_get(CgInterventions *from);

/* The columns that decide about a window; sorted. */
extern List *cg_windowrow_columns(const CgWindowRow *row);

/*
 * Are these columns of both rows the same?  columns: their numbers in the slots; NIL: they are
 * not known.  False if a slot is NULL.
 */
extern bool cg_windowrow_is_untouched(const List *columns, TupleTableSlot *was, TupleTableSlot *is);

/*
 * The window of a row as a verdict would see it when the row is committed.  slot: of the
 * relation's own row type.  Strings are palloc'd.  Throws the errors of "open_when".
 */
extern void cg_windowrow_compute(CgWindowRow *row, CgInterventions *from, TupleTableSlot *slot,
								 CgWindowState *result);

/* Makes the columns of cg_windowquery_row_text() a window.  Strings are palloc'd. */
extern void cg_windowrow_tell(const CgInterventions *from, const Datum *datums, const bool *isnull,
							  CgWindowState *result);

/* True if it calls a function that may read tables: one that is not known to be immutable. */
extern bool cg_windowrow_looks_further(Node *node);

#endif							/* CG_WINDOWROW_H */
