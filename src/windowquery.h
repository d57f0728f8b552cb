/*
 * windowquery.h
 *		The SQL that asks one interventions relation for windows.
 */
#ifndef CG_WINDOWQUERY_H
#define CG_WINDOWQUERY_H

#include "interventions.h"

/* ERROR if a label's intervals or time zone are none. */
extern void cg_windowquery_check_label(const CgTableLabel *label);

/* What the catalogs show to be wrong with a definition, palloc'd, or NULL. */
extern char *cg_windowquery_problem(Oid relid, const CgTableLabel *label, const AttrNumber *parts);

/* int8, uuid or text: the type in which customers of this column are looked up. */
extern Oid	cg_windowquery_key_type(Oid relid, AttrNumber customer);

/* The text of one question (see CgAsk).  The definition must have no problem. */
extern char *cg_windowquery_text(Oid relid, const CgTableLabel *label, const AttrNumber *parts,
								 CgAsk ask);

#endif							/* CG_WINDOWQUERY_H */
