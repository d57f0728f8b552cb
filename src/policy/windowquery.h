/*
 * windowquery.h
 *		The SQL that asks one interventions relation for windows.
 */
#ifndef CG_WINDOWQUERY_H
#define CG_WINDOWQUERY_H

#include "policy/interventions.h"

/* ERROR if an interval, the time zone or "open_when" of a label is not valid. */
extern void cg_windowquery_check_label(const CgTableLabel *label);

/* The problem with a definition that the catalogs show, palloc'd, or NULL. */
extern char *cg_windowquery_problem(Oid relid, const CgTableLabel *label, const AttrNumber *parts);

/* What early, late and longest say; intervals of months are not plain. */
extern CgTerms cg_windowquery_terms(const CgTableLabel *label);

/* The times of a question with plain terms: $4, $5 and $6. */
typedef struct CgBounds
{
	TimestampTz opens_by;		/* opens_at is not later than this */
	TimestampTz closes_after;	/* closes_at is later than this */
	TimestampTz opens_after;	/* opens_at is later than this; -infinity without "longest" */
} CgBounds;

extern void cg_windowquery_bounds(const CgTerms *terms, CgAsk ask, TimestampTz now, CgBounds *bounds);

/*
 * Makes a row's columns the window, with plain terms.  closes: closes_at is not NULL.
 * False where such a row has no window.
 */
extern bool cg_windowquery_window(const CgTerms *terms, TimestampTz *opens_at, TimestampTz *closes_at,
								  bool closes);

/*
 * The text of a query for each row of the relation and its window, open or not.  Columns:
 * those of a question, technician text, and "open_when" boolean.  by_id: only for rows whose
 * id is $1.  The definition must have no problem.
 */
#define CG_WINDOWQUERY_ROW_COLUMNS 6
extern char *cg_windowquery_row_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts,
									 bool by_id);

/* The text of one question (see CgAsk).  The definition must have no problem. */
extern char *cg_windowquery_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts,
								 CgAsk ask);

#endif							/* CG_WINDOWQUERY_H */
