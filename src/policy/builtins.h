/*
 * builtins.h
 *		What PostgreSQL's own functions do beside returning a value.
 *
 * PostgreSQL marks as VOLATILE what does more than compute, and takes no function
 * into a parallel worker that runs queries.  Both marks are believed; what bears one
 * counts as doing the worst, unless a list here has it.
 */
#ifndef CG_BUILTINS_H
#define CG_BUILTINS_H

#include "access/htup_details.h"
#include "catalog/pg_proc.h"

/* Whoever asks has made sure that the function is a built-in. */

/* Does it leave its arguments to nobody, and run none of them as SQL? */
extern bool cg_builtins_keeps(Form_pg_proc form);

/* Is it such a one, or a trigger that writes nothing of the row elsewhere? */
extern bool cg_builtins_may_have_row(Form_pg_proc form);

/* May it write what another statement could miss?  Not by SQL, which comes to the executor. */
extern bool cg_builtins_writes(Form_pg_proc form);

#endif							/* CG_BUILTINS_H */
