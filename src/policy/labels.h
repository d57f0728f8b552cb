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
 *                                 "longest": "…", "timezone": "…",
 *                                 "watch": "trigger" (or "beneath")}}
 * On a column: {"protect": "customer"} or {"protect": {"mask": "partial(4,2)"}},
 *                  (or "mask": "null", "reveal": "relay")
 *              {"interventions": "technician"}; {"watched": "id"}; or several keys.
 * On a function: {"trusted": "why", "definition": "a hash"}: see trust.h.
 *
 * A label does not name its column: it belongs to the column, so a policy follows
 * ALTER … RENAME.  Every other key is an error.
 */
#ifndef CG_LABELS_H
#define CG_LABELS_H

#include "catalog/objectaddress.h"
#include "catalog/pg_seclabel.h"

/* The provider of our labels. */
#define CG_LABEL_PROVIDER "contact_guard"

/* The meaning of a column of an interventions relation. */
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
	char	   *mode;			/* not NULL if protect */
	char	   *fallback;		/* not NULL if protect */
	char	   *row_security;	/* its state before protect() forced it: off, dormant
								 * (off, with policies), on or forced; NULL if protect()
								 * did not force it */
	bool		unpinned;		/* an admin accepts the functions that its definition calls */
	bool		interventions;
	char	   *open_when;		/* NULL: always; the strings below may be NULL, too */
	char	   *early;
	char	   *late;
	char	   *longest;
	char	   *timezone;
	bool		watch;			/* changes of its windows are recorded: watched.h */
	bool		beneath;		/* by triggers of tables that it reads, not of itself */
} CgTableLabel;

typedef struct CgColumnLabel
{
	bool		customer;		/* the customer key of guarded columns */
	char	   *mask;			/* NULL: not guarded */
	bool		relay;			/* guarded, and an open window shows the mask, too */
	int			part;			/* a CgPart, or -1 */
	bool		watched;		/* it has ids of interventions of relations that read the table */
} CgColumnLabel;

typedef struct CgFunctionLabel
{
	char	   *reason;			/* neither string is NULL or empty */
	char	   *definition;		/* cg_trustprint_make() of the definition that was trusted */
} CgFunctionLabel;

/*
 * A relcache invalidation of this catalog says that some relation may hold interventions
 * from now on.  In normal operation nothing else invalidates a catalog.
 */
#define CG_LABELS_SIGNAL SecLabelRelationId

extern void cg_labels_init(void);

/* The text of the label of a trusted function; palloc'd. */
extern char *cg_labels_function_text(const CgFunctionLabel *label);

/*
 * Calls back for each label of a relation (attnum 0) and of its columns.
 */
typedef void (*CgLabelCallback) (AttrNumber attnum, const char *label, void *context);
extern void cg_labels_of_relation(Oid relid, CgLabelCallback callback, void *context);

/*
 * The relations of this database that have a label, sorted, each once; and those that
 * hold interventions according to their label.  Both read all labels, so do not call them
 * often.
 */
extern List *cg_labels_relations(void);
extern List *cg_labels_interventions(void);

/* The label of a relation (attnum 0) or column, palloc'd, or NULL. */
extern char *cg_labels_get(Oid relid, AttrNumber attnum);

/*
 * Store a label; an empty struct removes it.  They check nothing.  They invalidate plans
 * and policies of the relation, its descendants and its ancestors in all sessions.
 */
extern void cg_labels_set_table(Oid relid, const CgTableLabel *label);
extern void cg_labels_set_column(Oid relid, AttrNumber attnum, const CgColumnLabel *label);

#endif							/* CG_LABELS_H */
