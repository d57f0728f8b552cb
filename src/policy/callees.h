/*
 * callees.h
 *		Which functions an expression calls that stored values may not meet.
 *
 * Allowed are: built-ins that are not volatile and run no text as SQL; functions
 * in C, which only superusers make; SQL functions with a body of the SQL
 * standard, which names what it calls by OID, if all of that is allowed and it
 * reads no relation, whose views and policies are their owner's; SQL functions
 * whose text can mean one thing only (parsed.h), likewise; and functions that an admin trusts (trust.h).  Everything else resolves names when
 * it runs, on the path and with the types of whoever runs it.
 */
#ifndef CG_CALLEES_H
#define CG_CALLEES_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

typedef struct CgCallees
{
	List	   *refused;		/* OIDs of functions, each once */
	bool		definition;		/* refuse C functions that are VOLATILE or trigger functions */
	bool		unswayed;		/* refuse what depends on settings, see below */
	const Bitmapset *values;	/* the columns of variables 1 and 2 that count then, as
								 * pull_varattnos() counts; NULL: all */
	char	   *unknown;		/* what is refused besides, or NULL; a noun phrase */
	List	   *seen_functions;
	List	   *seen_types;
	bool		prints_wanted;	/* see prints.h */
	List	   *prints;			/* if wanted: what may be replaced, as it is now; char *, each once */
	bool		may_read;		/* relations: who asks looks at their views and policies himself */
	bool		running;		/* about a function that is called: what it calls is asked about then */
	Oid			body;			/* under way: the function whose body is looked at */
} CgCallees;

/*
 * Each adds to *callees, which begins zeroed.  They need a transaction, open no
 * relation but catalogs and throw only what these throw.
 */
extern void cg_callees_of_expression(Node *node, CgCallees *callees);
extern void cg_callees_of_function(Oid function, CgCallees *callees);

/*
 * With "unswayed" an expression is refused, too, where a value meets a built-in or C
 * function, an input or output function among them, that is not IMMUTABLE: its
 * result depends on settings of whoever writes to another column of the row.
 */

/* What input, output, comparison and checks of a type's values call. */
extern void cg_callees_of_type(Oid type, CgCallees *callees);

#endif							/* CG_CALLEES_H */
