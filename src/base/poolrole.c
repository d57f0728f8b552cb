/*
 * poolrole.c
 *		Roles that are not to be believed of a pool's login.
 *
 * A session keeps its role when the membership by which it got it is revoked, and a login may
 * be taken out of contact_guard_proxy while it is another role.  So where tokens alone name
 * actors, what the login may do now can make a role less believed, but never more.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "base/guc.h"
#include "base/poolrole.h"
#include "base/roles.h"
#include "compat.h"

/* The login of this session that was seen to be a pool's */
static Oid	pool_login = InvalidOid;

static bool role_is_lent(void);
static bool may_not_be_role(Oid login, Oid role);

/*
 * Did something else than the session's own SET ROLE set the session's role: ALTER
 * DATABASE or ALTER ROLE ... SET role, a connection option, or the SET clause of a
 * function?
 */
static bool
role_is_lent(void)
{
	static struct config_generic *setting = NULL;

	if (GetOuterUserId() == GetSessionUserId())
		return false;
	if (setting == NULL)
	{
		int			count;
		struct config_generic **settings = cg_compat_settings(&count);

		for (int i = 0; i < count; i++)
			if (strcmp(settings[i]->name, "role") == 0)
				setting = settings[i];
	}
	return setting->source != PGC_S_SESSION || (setting->stack && setting->stack->state == GUC_SAVE);
}

void
cg_poolrole_note(void)
{
	pool_login = GetSessionUserId();
}

bool
cg_poolrole_is_proxy(Oid role)
{
	bool		proxy = cg_roles_is_proxy(role, false);

	if (role != GetSessionUserId())
		return proxy;
	if (proxy)
		cg_poolrole_note();
	return proxy || (cg_identity == CG_IDENTITY_REQUIRED && role == pool_login);
}

/*
 * Where tokens alone name actors.  A role that the login has become is none, whether or not it
 * may become it still.  Code of a role that it has not become, and may not become, is that
 * role's: of the owner of a materialized view that the pool may refresh.
 */
static bool
may_not_be_role(Oid login, Oid role)
{
	Oid			outer = GetOuterUserId();

	if (role == login || (outer == login && !is_member_of_role(login, role)))
		return false;
	if (cg_roles_is_proxy(login, false) || cg_roles_may_become_proxy(login))
		cg_poolrole_note();
	/* Without the membership a new session of this login could not be what this one still is. */
	return login == pool_login || (outer != login && !member_can_set_role(login, outer));
}

bool
cg_poolrole_is_unbelieved(Oid role)
{
	Oid			login = GetSessionUserId();

	if (superuser_arg(login))
		return false;
	if (cg_identity == CG_IDENTITY_REQUIRED && may_not_be_role(login, role))
		return true;
	return role == GetOuterUserId() && role_is_lent() && cg_roles_is_proxy(login, false);
}
