/*
 * gateway.c
 *		Who may ask for numbers, and what the functions for a gateway have in common.
 *
 * A gateway is a login of its own, a member of contact_guard_gateway.  A SECURITY DEFINER
 * function of such a login must not lend the right to its callers, so the outer role counts.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/journal.h"
#include "policy/ask.h"
#include "relay/gateway.h"

static void take_gateway(HeapTuple row, TupleDesc tupdesc, void *arg);

static void
take_gateway(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	List	  **texts = arg;

	*texts = lappend(*texts, psprintf("role %s is a gateway and has a standing permission: it can read numbers without a call",
									  SPI_getvalue(row, tupdesc, 1)));
}

List *
cg_gateway_problems(void)
{
	Oid			group = cg_roles_group(CG_GROUP_GATEWAY);
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(group)};
	List	   *texts = NIL;

	if (OidIsValid(group))
		cg_owncommand_query("SELECT r.rolname FROM pg_roles r WHERE NOT r.rolsuper AND pg_has_role(r.oid, $1, 'MEMBER') AND EXISTS "
							"(SELECT FROM contact_guard.permission p WHERE pg_has_role(r.oid, p.role::oid, 'MEMBER')) ORDER BY 1",
							1, types, values, take_gateway, &texts);
	return texts;
}

void
cg_gateway_require(const char *function)
{
	Oid			group = cg_roles_group(CG_GROUP_GATEWAY);

	if (!OidIsValid(group) || !has_privs_of_role(GetOuterUserId(), group) || InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_gateway\" to call %s()", function)));
	/* A question for windows calls no function that writes; this makes it certain. */
	if (cg_ask_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s() cannot be called by a query for interventions", function)));
	/* Calls of other sessions would not be seen, nor their ends. */
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s() needs a transaction of isolation level READ COMMITTED", function)));
	PreventCommandDuringRecovery(function);
	PreventCommandIfReadOnly(function);
	cg_journal_require();
}

char *
cg_gateway_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(n));
}
