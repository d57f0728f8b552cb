/*
 * trust.c
 *		Functions that an admin trusts with stored values.
 *
 * A session keeps its answers about a function for one generation, which ends at a change
 * of any function, operator, cast, constraint, schema or role.  Setting or removing a
 * label resets the caches of functions and types of all sessions and stores the function's
 * row again.  Procedural languages then compile the function again, so that nothing made
 * before it was trusted is used afterwards.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_type.h"
#include "commands/seclabel.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/inval.h"
#include "base/objects.h"
#include "compat.h"
#include "policy/callees.h"
#include "policy/labels.h"
#include "policy/pinned.h"
#include "policy/trust.h"
#include "policy/trustprint.h"
#include "policy/unnamed.h"

/* An answer in this generation, or UNKNOWN if the question was not asked yet. */
typedef enum Answer
{
	UNKNOWN,
	NO,
	YES
} Answer;

typedef struct Facts
{
	Oid			function;		/* hash key */
	uint64		generation;
	Answer		trusted;
	Answer		voided;
	Answer		allowed;
	Answer		below;
	Answer		decides;
	Answer		carried;
	Oid			user;			/* a role that may use all schemas of its path, or InvalidOid */
} Facts;

static HTAB *known = NULL;
static uint64 generation = 1;
static Answer any = UNKNOWN;

static void trust_inval(int cacheid, uint32 hashvalue);
static Facts *facts_of(Oid function);
static Answer answer(bool yes);
static bool find_allowed(Oid function, bool may_read);
static bool has_carrier(Oid classId, Oid object, int depth);

void
cg_trust_init(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Facts),
	};

	known = hash_create("contact_guard functions", 64, &ctl, HASH_ELEM | HASH_BLOBS);
	cg_inval_on_catalog(PROCOID, trust_inval);
	cg_inval_on_catalog(CASTSOURCETARGET, trust_inval);
	cg_inval_on_catalog(CONSTROID, trust_inval);
	cg_inval_on_catalog(NAMESPACEOID, trust_inval);
	cg_inval_on_catalog(AUTHMEMROLEMEM, trust_inval);
	cg_inval_on_catalog(AUTHOID, trust_inval);
	cg_inval_on_catalog(OPEROID, trust_inval);
}

/* May run at any time, while a caller holds an entry: so it removes nothing. */
static void
trust_inval(int cacheid, uint32 hashvalue)
{
	generation++;
	/* A label resets the whole cache: see trustlabel.c. */
	if (hashvalue == 0)
		any = UNKNOWN;
}

uint64
cg_trust_generation(void)
{
	return generation;
}

static Facts *
facts_of(Oid function)
{
	bool		found;
	Facts	   *facts = hash_search(known, &function, HASH_ENTER, &found);

	if (!found || facts->generation != generation)
	{
		facts->generation = generation;
		facts->trusted = facts->voided = facts->allowed = facts->below = facts->decides = facts->carried = UNKNOWN;
		facts->user = InvalidOid;
	}
	return facts;
}

static Answer
answer(bool yes)
{
	return yes ? YES : NO;
}

List *
cg_trust_functions(void)
{
	Relation	catalog = table_open(SecLabelRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *result = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		const FormData_pg_seclabel *form = (const FormData_pg_seclabel *) GETSTRUCT(tuple);
		bool		isnull;

		if (form->classoid == ProcedureRelationId &&
			strcmp(TextDatumGetCString(heap_getattr(tuple, Anum_pg_seclabel_provider,
													RelationGetDescr(catalog), &isnull)),
				   CG_LABEL_PROVIDER) == 0)
			result = lappend_oid(result, form->objoid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(result, list_oid_cmp);
	return result;
}

bool
cg_trust_is_any(void)
{
	uint64		before = generation;
	Answer		found;

	if (any != UNKNOWN)
		return any == YES;
	if (!IsTransactionState() || !OidIsValid(MyDatabaseId))
		return false;
	found = answer(OidIsValid(cg_objects_schema()) && cg_trust_functions() != NIL);
	if (before == generation)
		any = found;
	return found == YES;
}

bool
cg_trust_is_labelled(Oid function)
{
	ObjectAddress object;

	ObjectAddressSet(object, ProcedureRelationId, function);
	return GetSecurityLabel(&object, CG_LABEL_PROVIDER) != NULL;
}

bool
cg_trust_is_void(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	ObjectAddress object;
	char	   *label;
	bool		result;

	if (facts->voided != UNKNOWN)
		return facts->voided == YES;
	ObjectAddressSet(object, ProcedureRelationId, function);
	label = function >= FirstNormalObjectId ? GetSecurityLabel(&object, CG_LABEL_PROVIDER) : NULL;
	result = label && !cg_trustprint_fits(function, label);
	if (before == generation)
		facts->voided = answer(result);
	return result;
}

bool
cg_trust_is_trusted(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	bool		result;

	if (facts->trusted != UNKNOWN)
		return facts->trusted == YES;
	result = function >= FirstNormalObjectId && cg_trust_is_labelled(function) &&
		!cg_trust_is_void(function) && cg_pinned_problem(function, NULL) == NULL;
	if (before == generation)
		facts->trusted = answer(result);
	return result;
}

bool
cg_trust_is_usable(Oid function, Oid role)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	ListCell   *lc;

	if (facts->user == role)
		return true;
	foreach(lc, cg_pinned_path(function))
	{
		Oid			schema = get_namespace_oid(lfirst(lc), true);

		if (!OidIsValid(schema) || object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) != ACLCHECK_OK)
			return false;
	}
	if (before == generation)
		facts->user = role;
	return true;
}

static bool
find_allowed(Oid function, bool may_read)
{
	CgCallees	callees = {.may_read = may_read, .running = true};

	cg_callees_of_function(function, &callees);
	return callees.refused == NIL && callees.unknown == NULL;
}

bool
cg_trust_is_allowed(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	bool		result;

	if (facts->allowed != UNKNOWN)
		return facts->allowed == YES;
	result = find_allowed(function, false);
	if (before == generation)
		facts->allowed = answer(result);
	return result;
}

bool
cg_trust_is_allowed_below(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	bool		result;

	if (facts->below != UNKNOWN)
		return facts->below == YES;
	result = cg_trust_is_allowed(function) &&
		(cg_trust_is_trusted(function) || !cg_unnamed_is_foreign(function));
	if (before == generation)
		facts->below = answer(result);
	return result;
}

bool
cg_trust_may_decide(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	bool		result;

	if (facts->decides != UNKNOWN)
		return facts->decides == YES;
	result = find_allowed(function, true);
	if (before == generation)
		facts->decides = answer(result);
	return result;
}

bool
cg_trust_is_carried(Oid function)
{
	Facts	   *facts = facts_of(function);
	uint64		before = generation;
	bool		result;

	if (facts->carried != UNKNOWN)
		return facts->carried == YES;
	result = !cg_trust_is_allowed_below(function) && has_carrier(ProcedureRelationId, function, 0);
	if (before == generation)
		facts->carried = answer(result);
	return result;
}

/* Also looks one step further: at an operator that a domain's check may use. */
static bool
has_carrier(Oid classId, Oid object, int depth)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		found = form->classid == CastRelationId || form->classid == ConstraintRelationId ||
			form->classid == TypeRelationId || form->classid == AccessMethodProcedureRelationId ||
			(form->classid == OperatorRelationId && depth < 1 &&
			 has_carrier(OperatorRelationId, form->objid, depth + 1));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}
