/*
 * builtins.h
 *		Side effects of PostgreSQL's own functions.
 *
 * PostgreSQL marks a function as VOLATILE if it does more than compute, and as not
 * PARALLEL SAFE if it runs queries.  We rely on both marks: a function with one of them
 * is assumed to do the worst, unless a list in builtins.c has it.
 */
#ifndef CG_BUILTINS_H
#define CG_BUILTINS_H

#include "access/htup_details.h"
#include "catalog/pg_proc.h"

/* Call these functions for built-ins only. */

/* Does it keep its arguments to itself, and run none of them as SQL? */
extern bool cg_builtins_keeps(Form_pg_proc form);

/* Does it keep its arguments to itself, or is it a trigger that writes no value elsewhere? */
extern bool cg_builtins_may_have_row(Form_pg_proc form);

/* May it write data without the executor? */
extern bool cg_builtins_writes(Form_pg_proc form);

#endif							/* CG_BUILTINS_H */
