/*
 * permissionfuncs.c
 *		allow(), disallow() and allow_act_as_session().
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/objects.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "policy/permission.h"
#include "compat.h"

static uint64 change(Oid relation, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
static void grant(const char *function, Oid role, bool granted);
static bool may_name_for_session(Oid role);

PG_FUNCTION_INFO_V1(cg_allow);
PG_FUNCTION_INFO_V1(cg_disallow);
PG_FUNCTION_INFO_V1(cg_standing_permission);
PG_FUNCTION_INFO_V1(cg_allow_act_as_session);

/* Writes the table; the caller needs no privileges on it. */
static uint64
change(Oid relation, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	uint64		rows_changed = cg_owncommand_execute(sql, nargs, types, values, nulls);

	cg_permission_changed(relation);
	return rows_changed;
}

/* Grants or revokes a privilege.  Without that on standing_permission() a row of permission is void. */
static void
grant(const char *function, Oid role, bool granted)
{
	(void) cg_owncommand_execute(psprintf("%s EXECUTE ON FUNCTION contact_guard.%s %s %s",
										 granted ? "GRANT" : "REVOKE", function, granted ? "TO" : "FROM",
										 quote_identifier(GetUserNameFromId(role, false))),
								0, NULL, NULL, NULL);
}

Datum
cg_allow(PG_FUNCTION_ARGS)
{
	Oid			types[4] = {REGROLEOID, REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[4];
	char		nulls[5] = "    ";
	char	   *purpose;
	char	   *level;

	cg_roles_require_admin("allow a role to read guarded columns");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role, purpose and level must not be null")));
	purpose = text_to_cstring(PG_GETARG_TEXT_PP(1));
	level = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (purpose[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the purpose must not be empty"),
				 errhint("Say why this role may read contact data without an intervention.")));
	if (strcmp(level, CG_PERMISSION_RECORDED) != 0 && strcmp(level, CG_PERMISSION_BULK) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid level \"%s\"", level),
				 errhint("Levels are recorded and bulk.")));
	/* regrole_in accepts any number.  And the role must not be dropped before the commit. */
	(void) GetUserNameFromId(PG_GETARG_OID(0), false);
	LockSharedObject(AuthIdRelationId, PG_GETARG_OID(0), 0, AccessShareLock);
	if (!PG_ARGISNULL(2) && cg_policy_get(PG_GETARG_OID(2)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" has no guarded columns", get_rel_name(PG_GETARG_OID(2)))));

	cg_permission_forget_void(PG_GETARG_OID(0));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	nulls[1] = PG_ARGISNULL(2) ? 'n' : ' ';
	values[2] = CStringGetTextDatum(purpose);
	values[3] = CStringGetTextDatum(level);
	change(DatumGetObjectId(values[1]), "INSERT INTO contact_guard.permission (role, relation, purpose, level) VALUES ($1, $2, $3, $4) "
		   "ON CONFLICT (role, (coalesce(relation::oid, 0::oid))) "
		   "DO UPDATE SET purpose = excluded.purpose, level = excluded.level",
		   4, types, values, nulls);
	grant("standing_permission()", PG_GETARG_OID(0), true);
	cg_eventrecord_add("allow %s on %s for \"%s\", level %s",
					   GetUserNameFromId(PG_GETARG_OID(0), false),
					   PG_ARGISNULL(2) ? "all relations" :
					   DatumGetCString(DirectFunctionCall1(regclassout, values[1])),
					   purpose, level);
	PG_RETURN_VOID();
}

Datum
cg_disallow(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {REGROLEOID, REGCLASSOID};
	Datum		values[2];
	char		nulls[3] = "  ";

	cg_roles_require_admin("disallow a role to read guarded columns");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role must not be null")));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	nulls[1] = PG_ARGISNULL(1) ? 'n' : ' ';
	if (change(DatumGetObjectId(values[1]), "DELETE FROM contact_guard.permission WHERE role = $1 AND relation IS NOT DISTINCT FROM $2",
			   2, types, values, nulls) == 0)
		ereport(NOTICE,
				(errmsg("role \"%s\" had no such permission",
						GetUserNameFromId(PG_GETARG_OID(0), true))));
	else
	{
		/* Revokes the privilege with the role's last row; other rows still need it. */
		if (!cg_owncommand_finds("SELECT FROM contact_guard.permission WHERE role = $1", 1, types, values))
			grant("standing_permission()", PG_GETARG_OID(0), false);
		cg_eventrecord_add("disallow %s on %s",
						   DatumGetCString(DirectFunctionCall1(regroleout, values[0])),
						   PG_ARGISNULL(1) ? "all relations" :
						   DatumGetCString(DirectFunctionCall1(regclassout, values[1])));
	}
	PG_RETURN_VOID();
}

/* Only its privileges matter: EXECUTE on it marks a role that has a permission. */
Datum
cg_standing_permission(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

static bool
may_name_for_session(Oid role)
{
	return object_aclcheck(ProcedureRelationId, cg_objects_function("act_as_session"), role, ACL_EXECUTE) == ACLCHECK_OK;
}

/* A pool's login: only these have use for it. */
Datum
cg_allow_act_as_session(PG_FUNCTION_ARGS)
{
	char	   *name;
	bool		before;

	cg_roles_require_admin("allow a login to name an actor for its session");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("login and allowed must not be null")));
	name = GetUserNameFromId(PG_GETARG_OID(0), false);
	LockSharedObject(AuthIdRelationId, PG_GETARG_OID(0), 0, AccessShareLock);
	if (PG_GETARG_BOOL(1) && !cg_roles_is_proxy(PG_GETARG_OID(0), true))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("role \"%s\" may not name actors at all", name),
				 errhint("First: GRANT contact_guard_proxy TO %s;", quote_identifier(name))));
	before = may_name_for_session(PG_GETARG_OID(0));
	grant("act_as_session(text, regrole)", PG_GETARG_OID(0), PG_GETARG_BOOL(1));
	if (!before && !PG_GETARG_BOOL(1))
		ereport(NOTICE,
				(errmsg("role \"%s\" was not allowed to name an actor for its session", name)));
	else
		cg_eventrecord_add("%s to name an actor for its session: %s", PG_GETARG_BOOL(1) ? "allow" : "disallow", name);
	CommandCounterIncrement();
	if (!PG_GETARG_BOOL(1) && may_name_for_session(PG_GETARG_OID(0)))
		ereport(WARNING,
				(errmsg("role \"%s\" can still name an actor for its session", name),
				 errdetail("It is a superuser, or a role of which it is a member, or PUBLIC, has been granted EXECUTE on contact_guard.act_as_session().")));
	PG_RETURN_VOID();
}
