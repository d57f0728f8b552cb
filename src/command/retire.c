/*
 * retire.c
 *		retire(): takes back all policies of a database.
 *
 * The extension cannot be dropped before that: its labels would stay, and nothing would read
 * them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

#include "base/names.h"
#include "base/objects.h"
#include "base/roles.h"
#include "command/protect.h"
#include "command/retire.h"
#include "command/watch.h"
#include "journal/eventrecord.h"
#include "policy/interventions.h"
#include "policy/labels.h"
#include "policy/trust.h"
#include "policy/trustlabel.h"

PG_FUNCTION_INFO_V1(cg_retire);

/* The labels of the extension's own relation are dropped with the extension. */
static List *
labelled_relations(void)
{
	List	   *relids = cg_labels_relations();
	ListCell   *lc;

	foreach(lc, relids)
		if (get_rel_namespace(lfirst_oid(lc)) == cg_objects_schema())
			relids = foreach_delete_current(relids, lc);
	return relids;
}

Datum
cg_retire(PG_FUNCTION_ARGS)
{
	ListCell   *lc;

	cg_roles_require_admin("retire the policy");
	cg_watch_retire();
	foreach(lc, labelled_relations())
	{
		Oid			relid = lfirst_oid(lc);
		CgTableLabel none = {0};

		LockRelationOid(relid, ShareUpdateExclusiveLock);
		cg_roles_require_policy_owner(relid, "retire the policy");
		cg_protect_take_back(relid, NIL);
		cg_interventions_set_parts(relid, NULL);
		cg_labels_set_table(relid, &none);
	}
	cg_trustlabel_retire();
	cg_eventrecord_add("retire: no relation is protected any more");
	PG_RETURN_VOID();
}

void
cg_retire_require_done(void)
{
	List	   *relids = labelled_relations();
	List	   *functions;

	/* The extension's owner may be a role that is not a superuser any more. */
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to drop extension \"contact_guard\"")));
	if (relids != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop extension \"contact_guard\": relation \"%s\" has a policy",
						get_rel_name(linitial_oid(relids))),
				 errhint("Take back all policies with SELECT contact_guard.retire().")));
	functions = cg_trust_functions();
	if (functions != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop extension \"contact_guard\": function %s is trusted",
						cg_names_function(linitial_oid(functions))),
				 errhint("Take back all policies and trust with SELECT contact_guard.retire().")));
}
