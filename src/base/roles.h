/*
 * roles.h
 *		The extension's group roles: who administers, and who names actors.
 */
#ifndef CG_ROLES_H
#define CG_ROLES_H

/*
 * The group roles, whatever they are called today: the role to which the install
 * script has granted a function of that group, if it bears the mark; or InvalidOid.
 */
typedef enum CgGroup
{
	CG_GROUP_ADMIN,
	CG_GROUP_AUDITOR,
	CG_GROUP_PROXY,
	CG_NGROUPS
} CgGroup;

extern Oid	cg_roles_group(CgGroup group);

/*
 * Is the role one that names actors, as any superuser is?  With may_name the answer is
 * true only if that is certain, so that the role may call act_as().  Without it the
 * answer is true also if that is possible, so that the role has no permission of its own:
 * where the group role cannot be found, each role that may execute act_as() counts.
 */
extern bool cg_roles_is_proxy(Oid role, bool may_name);

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
 * ERROR insufficient_privilege if a role that bears the mark has just been renamed by
 * somebody who is not a superuser.  For the object access hook, before the next
 * CommandCounterIncrement().
 */
extern void cg_roles_check_renamed(Oid role);

#endif							/* CG_ROLES_H */
