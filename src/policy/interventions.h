/*
 * interventions.h
 *		The relations that hold interventions, and the queries that ask them.
 */
#ifndef CG_INTERVENTIONS_H
#define CG_INTERVENTIONS_H

#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"

#include "policy/labels.h"

/*
 * The three questions.  Parameters: $1 text the technician, $2 timestamptz now,
 * for CG_ASK_CUSTOMER $3 the customer in the type "customer_type", and with plain terms
 * $4 to $6, the timestamptz of CgBounds (windowquery.h).
 * Columns: customer text, id text, opens_at, closes_at timestamptz: with plain terms
 * the row's own, otherwise the window, with early, late and longest applied.
 */
typedef enum CgAsk
{
	CG_ASK_OPEN,				/* the technician's windows that are open, or will be within a second */
	CG_ASK_CUSTOMER,			/* the technician's windows at one customer that are open now */
	CG_ASK_PAST					/* the technician's windows that began within the last year */
} CgAsk;

#define CG_NASKS (CG_ASK_PAST + 1)

#define CG_ASK_PARAMS 6
#define CG_ASK_COLUMNS 4

/* How much earlier than its row, and later, a window may be open; microseconds. */
typedef struct CgTerms
{
	bool		plain;			/* false: PostgreSQL computes windows, and the rest says nothing */
	int64		early;
	int64		late;
	int64		longest;		/* -1: any */
} CgTerms;

/* The plan and the state of all functions when a question was last found harmless. */
typedef struct CgLookedAt
{
	int			plan;			/* the plan's number, from 1 */
	uint64		trusted;		/* cg_trust_generation() */
} CgLookedAt;

/* The question for the windows of the interventions with an id, of this type. */
typedef struct CgWindowById
{
	Oid			type;
	SPIPlanPtr	plan;
} CgWindowById;

typedef struct CgInterventions
{
	Oid			relid;
	Oid			owner;			/* the queries run as this role */
	Oid			customer_type;	/* int8, uuid or text: of $3 */
	const char *broken;			/* why the relation opens no window, or NULL */
	SPIPlanPtr	plans[CG_NASKS];	/* NULL if broken */
	CgLookedAt	looked_at[CG_NASKS];
	CgTerms		terms;
	bool		is_steady;		/* no setting can change the answers (unswayed.h) */
	struct CgWindowScan *scans[CG_NASKS];	/* NULL: the plan answers (windowscan.h) */
	uint64		heard;			/* invalidations of the relation or its schema */
	uint64		built;			/* "heard" when all this was built */
	List	   *functions;		/* OIDs of the functions that the questions call (asked.h) */
	List	   *relations;		/* OIDs of the relations that they read */
	bool		watch;			/* changes of its windows are recorded: watched.h */
	bool		beneath;		/* by triggers of tables among "relations" */
	struct CgWindowRow *row;	/* the window of one row (windowrow.h); NULL: not made yet */
	List	   *by_id;			/* of CgWindowById (windowbeneath.h), likewise */
} CgInterventions;

extern void cg_interventions_init(void);

/*
 * The interventions relations of this database, with plans: a list of
 * CgInterventions, valid until the next call.  Call it before an execution may
 * go parallel: the function needs a subtransaction to survive a broken definition.
 * In parallel mode it returns the list that it already has, which may be NIL.
 */
extern List *cg_interventions_list(void);

/* Brings that list up to date, for a later call in parallel mode. */
extern void cg_interventions_refresh(void);

/* Is there an interventions relation besides the built-in one?  Prepares and locks nothing. */
extern bool cg_interventions_are_named(void);

/* Fills parts with the relation's columns by CgPart; 0 where no column has that label. */
extern void cg_interventions_parts(Oid relid, AttrNumber *parts);

/* Labels these columns, and no others.  With NULL no column keeps its label. */
extern void cg_interventions_set_parts(Oid relid, const AttrNumber *parts);

#endif							/* CG_INTERVENTIONS_H */
