/*
 * gateway.h
 *		Who may ask for numbers, and what the functions for a gateway have in common.
 */
#ifndef CG_GATEWAY_H
#define CG_GATEWAY_H

#include "fmgr.h"
#include "nodes/pg_list.h"

/*
 * ERROR insufficient_privilege unless the session's outer role is a member of
 * contact_guard_gateway; read_only_sql_transaction if nothing can be written;
 * active_sql_transaction at REPEATABLE READ and SERIALIZABLE.  Afterwards the
 * journal's key is there.  function: its name, for messages.
 */
extern void cg_gateway_require(const char *function);

/* Gateways that could read numbers by themselves, as a list of texts for status(). */
extern List *cg_gateway_problems(void);

/* An argument of type text; "" for NULL. */
extern char *cg_gateway_text(FunctionCallInfo fcinfo, int n);

#endif							/* CG_GATEWAY_H */
