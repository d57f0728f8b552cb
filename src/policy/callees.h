/*
 * callees.h
 *		Functions that an expression calls and that must not get stored values.
 *
 * These functions are allowed:
 * - built-ins that are not volatile and run no text as SQL;
 * - functions in C, which only superusers can create;
 * - SQL functions with an SQL-standard body, which refers to functions by OID, if all
 *   functions in it are allowed and it reads no relation (the owner of a relation may
 *   change its views and policies);
 * - SQL functions whose text has only one meaning (parsed.h), under the same conditions;
 * - functions that an admin trusts (trust.h).
 * All other functions resolve names when they run, with the search_path and the types of
 * the role that runs them.
 */
#ifndef CG_CALLEES_H
#define CG_CALLEES_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

typedef struct CgCallees
{
	List	   *refused;		/* OIDs of functions, each once */
	bool		definition;		/* refuse C functions that are VOLATILE or trigger functions */
	bool		unswayed;		/* refuse functions that depend on settings, see below */
	const Bitmapset *values;	/* the columns of variables 1 and 2 that count then, as
								 * pull_varattnos() counts; NULL: all */
	char	   *unknown;		/* another reason to refuse, or NULL; a noun phrase */
	List	   *seen_functions;
	List	   *seen_types;
	bool		prints_wanted;	/* see prints.h */
	List	   *prints;			/* if wanted: prints of the objects; char *, each once */
	bool		may_read;		/* allow reads of relations: the caller checks their views
								 * and policies */
	bool		running;		/* the function is being called; its callees are checked when
								 * they are called */
	Oid			body;			/* the function whose body is being walked */
	bool		(*refuses) (Oid function);	/* judges each function, whose body is then not
											 * walked, instead of the rules above; see
											 * conversions.h */
	bool		leaving;		/* values of a type leave it, as in to_json() */
} CgCallees;

/*
 * Each adds to *callees, which must be zeroed at first.  They need a transaction, open
 * only catalogs, and throw only errors of these.
 */
extern void cg_callees_of_expression(Node *node, CgCallees *callees);
extern void cg_callees_of_function(Oid function, CgCallees *callees);

/*
 * With "unswayed" a built-in or C function (also an input or output function) that gets a
 * value is refused unless it is IMMUTABLE: its result depends on settings of the role that
 * writes another column of the row.
 */

/* The functions that input, output, comparison and checks of a type's values call. */
extern void cg_callees_of_type(Oid type, CgCallees *callees);

#endif							/* CG_CALLEES_H */
