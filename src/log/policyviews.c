/*
 * policyviews.c
 *		policy_problem(), for the views of what is in force.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "policy/interventions.h"
#include "policy/policy.h"
#include "policy/verdict.h"

PG_FUNCTION_INFO_V1(cg_policy_problem);

/* Of a guarded relation, or of one that windows are asked from; NULL: none. */
Datum
cg_policy_problem(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	const CgPolicy *policy = cg_policy_get(relid);
	const char *problem = policy ? policy->broken : NULL;
	bool		asked = false;
	ListCell   *lc;

	foreach(lc, problem ? NIL : cg_interventions_list())
	{
		CgInterventions *interventions = lfirst(lc);

		if (interventions->relid != relid)
			continue;
		problem = interventions->broken;
		asked = true;
	}
	/* This may change the list. */
	if (problem == NULL && asked)
		problem = cg_verdict_problem(relid);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}
