/*
 * offences.c
 *		Refusing functions that the definition of a guarded relation calls.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/definition.h"
#include "policy/offences.h"
#include "policy/pinned.h"
#include "policy/policy.h"
#include "policy/trustlabel.h"

CgOffence *
cg_offences_first(Oid relid)
{
	const CgPolicy *policy = cg_policy_get(relid);
	List	   *offences;

	if (policy == NULL || policy->unpinned)
		return NULL;
	offences = cg_definition_offences(relid);
	return offences == NIL ? NULL : linitial(offences);
}

static bool
is_compiled(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		Oid			language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;

		result = language == INTERNALlanguageId || language == ClanguageId;
		ReleaseSysCache(tuple);
	}
	return result;
}

static const char *
reason(const CgOffence *offence)
{
	if (!OidIsValid(offence->function) && strstr(offence->what, "which reads relation"))
		return "The owner of that relation, or of a view beneath it, could change what happens to guarded values.";
	if (!OidIsValid(offence->function))
		return "It is not known what it does with guarded values.";
	if (func_volatile(offence->function) != PROVOLATILE_VOLATILE && is_compiled(offence->function))
		return "Its result depends on settings of the role that writes a row, or it runs queries.";
	if (is_compiled(offence->function))
		return "It is volatile or runs queries, so it may pass guarded values on.";
	if (cg_pinned_problem(offence->function, NULL) == NULL)
		return "No admin trusts it in its present definition.";
	return "It looks up names when it runs, with the search_path of the role that runs it.";
}

static bool
may_trust(const CgOffence *offence)
{
	return offence->function >= FirstNormalObjectId;
}

/* One line for each offence: the function, its caller, the reason, and how to mend it. */
static char *
list_offences(List *offences)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, offences)
	{
		const CgOffence *offence = lfirst(lc);

		if (list_length(offences) > 1)
			appendStringInfo(&out, "%s%s is called by %s. %s", out.len > 0 ? "\n" : "",
							 offence->what, offence->where, reason(offence));
		else
			appendStringInfo(&out, "It is called by %s. %s", offence->where, reason(offence));
		if (list_length(offences) > 1 && may_trust(offence))
			appendStringInfo(&out, " Mend: %s", cg_trustlabel_mend(offence->function));
	}
	return out.data;
}

void
cg_offences_refuse(List *offences)
{
	CgOffence  *first = offences == NIL ? NULL : linitial(offences);

	if (first == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s may not be called with guarded values of relation \"%s\"",
					first->what, get_rel_name(first->relid)),
			 errdetail("%s", list_offences(offences)),
			 list_length(offences) > 1
			 ? errhint("Mend each of these, or accept them with unpinned => 'accept'.")
			 : may_trust(first)
			 ? errhint("%s Or accept it with unpinned => 'accept'.", cg_trustlabel_mend(first->function))
			 : errhint("Change the definition, or accept it with unpinned => 'accept'.")));
}

/* Waits for commands that are changing the objects: beneath.c makes these lock them. */
static bool
lock_new(const List *objects, Oid classId, List **locked)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, objects)
	{
		if (lfirst_oid(lc) < FirstNormalObjectId || list_member_oid(*locked, lfirst_oid(lc)))
			continue;
		LockDatabaseObject(classId, lfirst_oid(lc), 0, ShareLock);
		*locked = lappend_oid(*locked, lfirst_oid(lc));
		any = true;
	}
	return any;
}

void
cg_offences_require_none(Oid relid)
{
	List	   *functions = NIL;
	List	   *types = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		CgDefinition definition;
		const CgPolicy *policy;
		bool		new_functions;
		bool		new_types;

		do
		{
			cg_definition_survey(lfirst_oid(lc), &definition);
			new_functions = lock_new(definition.functions, ProcedureRelationId, &functions);
			new_types = lock_new(definition.types, TypeRelationId, &types);
		} while (new_functions || new_types);
		policy = cg_policy_get(lfirst_oid(lc));
		if (policy && !policy->unpinned)
			cg_offences_refuse(definition.offences);
	}
}

char *
cg_offences_problem(const CgOffence *offence, int children)
{
	char	   *others = children == 0 ? "" :
		psprintf(" and %d %s", children, children == 1 ? "child" : "children");

	return psprintf("relation %s%s: %s calls %s, which must not get guarded values%s%s",
					get_rel_name(offence->relid), others, offence->where, offence->what,
					may_trust(offence) ? ": " : "",
					may_trust(offence) ? cg_trustlabel_mend(offence->function) : "");
}
