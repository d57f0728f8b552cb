/*
 * roles.h
 *		The extension's group roles: admins, auditors, proxies, which name actors,
 *		gateways, which put calls through, and forwarders, by whom standbys ask.
 */
#ifndef CG_ROLES_H
#define CG_ROLES_H

/*
 * A group role, whatever its present name is: the role to which the install script has
 * granted a function of that group, if it bears the mark.
 */
typedef enum CgGroup
{
	CG_GROUP_ADMIN,
	CG_GROUP_AUDITOR,
	CG_GROUP_PROXY,
	CG_GROUP_GATEWAY,
	CG_GROUP_DPO,
	CG_GROUP_FORWARDER,
	CG_NGROUPS
} CgGroup;

/* The role of the group, or InvalidOid. */
extern Oid	cg_roles_group(CgGroup group);

/*
 * Does the role name actors, as every superuser does?  With may_name the answer is true
 * only if this is certain: then the role may call act_as().  Without may_name it is also
 * true if this is possible: then the role has no permissions of its own.  If the group
 * role cannot be found, each role that may execute act_as() counts as possible.
 */
extern bool cg_roles_is_proxy(Oid role, bool may_name);

/* Is the role a member of contact_guard_proxy, also where it does not inherit from it? */
extern bool cg_roles_may_become_proxy(Oid role);

/* Is the current user a member of contact_guard_admin (or a superuser)? */
extern bool cg_roles_is_admin(void);

/*
 * May the current user set a policy on this relation?  ERROR undefined_table if the
 * relation does not exist, insufficient_privilege unless the user is an admin and the
 * relation's owner.
 */
extern void cg_roles_require_policy_owner(Oid relid, const char *what);

/*
 * ERROR insufficient_privilege unless the current user is an admin.  what: for example
 * "set a policy".
 */
extern void cg_roles_require_admin(const char *what);

/*
 * ERROR insufficient_privilege in a function of another role (SECURITY DEFINER).  For what
 * EXECUTE on a function permits, and what makes a record: the privilege is that of the
 * function's owner, and the record would name the one who has called it, who has none.
 * what: for example "compare guarded values".
 */
extern void cg_roles_require_own(const char *what);

/*
 * ERROR insufficient_privilege if a role that is not a superuser has just renamed a role
 * that bears the mark.  For the object access hook, before the next
 * CommandCounterIncrement().
 */
extern void cg_roles_check_renamed(Oid role);

#endif							/* CG_ROLES_H */
