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

/* The text of one question (see CgAsk).  The definition must have no problem. */
extern char *cg_windowquery_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts,
								 CgAsk ask);

#endif							/* CG_WINDOWQUERY_H */
