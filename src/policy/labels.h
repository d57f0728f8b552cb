/*
 * labels.h
 *		Security labels of provider contact_guard: the policy as it is stored.
 *
 * A label is a JSON object.
 *
 * On a table:  {"protect": {"mode": "mask", "fallback": "none"},
 *                  (or "mode": "hide", "fallback": "rls", "row_security": "off",
 *              "unpinned": "accept")
 *               "interventions": {"open_when": "…", "early": "…", "late": "…",
 *                                 "longest": "…", "timezone": "…"}}
 * On a column: {"protect": "customer"} or {"protect": {"mask": "partial(4,2)"}},
 *              {"interventions": "technician"}, or both keys.
 * On a function: {"trusted": "why", "definition": "a hash"}: see trust.h.
 *
 * Columns are named by where the label hangs, not inside one: that is what
 * makes a policy follow ALTER … RENAME.  Every key but those above is an error.
 */
#ifndef CG_LABELS_H
#define CG_LABELS_H

#include "catalog/objectaddress.h"
#include "catalog/pg_seclabel.h"

/* The provider that labels are set for. */
#define CG_LABEL_PROVIDER "contact_guard"

/* What a column of an interventions relation is. */
typedef enum CgPart
{
	CG_PART_ID,
	CG_PART_CUSTOMER,
	CG_PART_TECHNICIAN,
	CG_PART_OPENS_AT,
	CG_PART_CLOSES_AT
} CgPart;

#define CG_NPARTS (CG_PART_CLOSES_AT + 1)

extern const char *const cg_labels_part_names[CG_NPARTS];

typedef struct CgTableLabel
{
	bool		protect;
	char	   *mode;			/* never NULL where protect */
	char	   *fallback;		/* likewise */
	char	   *row_security;	/* before protect() forced it: off, dormant (off
								 * with policies), on or forced;
								 * NULL if it did not */
	bool		unpinned;		/* an admin accepts what its definition calls */
	bool		interventions;
	char	   *open_when;		/* NULL: always; the others may be NULL too */
	char	   *early;
	char	   *late;
	char	   *longest;
	char	   *timezone;
} CgTableLabel;

typedef struct CgColumnLabel
{
	bool		customer;		/* the customer key of guarded columns */
	char	   *mask;			/* NULL: not guarded */
	int			part;			/* a CgPart, or -1 */
} CgColumnLabel;

typedef struct CgFunctionLabel
{
	char	   *reason;			/* neither is NULL or empty */
	char	   *definition;		/* cg_trustprint_make() of what was trusted */
} CgFunctionLabel;

/*
 * A relcache invalidation of this relation says that a relation may have become
 * one with interventions.  Nothing else invalidates a catalog in normal life.
 */
#define CG_LABELS_SIGNAL SecLabelRelationId

extern void cg_labels_init(void);

/* The label of a function that is trusted; palloc'd. */
extern char *cg_labels_function_text(const CgFunctionLabel *label);

/*
 * Calls back for each label of a relation: attnum 0 for the relation's own, and
 * for those of its columns.
 */
typedef void (*CgLabelCallback) (AttrNumber attnum, const char *label, void *context);
extern void cg_labels_of_relation(Oid relid, CgLabelCallback callback, void *context);

/*
 * The relations of this database that have a label, sorted, each once, and those
 * that hold interventions by it.  Both read all labels: not for what is done
 * often.
 */
extern List *cg_labels_relations(void);
extern List *cg_labels_interventions(void);

/* The label of a relation (attnum 0) or column, palloc'd, or NULL. */
extern char *cg_labels_get(Oid relid, AttrNumber attnum);

/*
 * Store labels; an empty struct removes the label.  Checks nothing; invalidates
 * plans and policies of the relation, its children and its ancestors everywhere.
 */
extern void cg_labels_set_table(Oid relid, const CgTableLabel *label);
extern void cg_labels_set_column(Oid relid, AttrNumber attnum, const CgColumnLabel *label);

#endif							/* CG_LABELS_H */
