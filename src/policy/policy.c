/*
 * policy.c
 *		The policy of a relation, from its own labels and those of its ancestors.
 *
 * The planner hook asks for every relation of every query, so a session keeps the
 * answers, negative ones too, until a relcache invalidation of the relation arrives:
 * labels.c sends one with each change of a label, and inheritance.c with each change of
 * inheritance, for the relation's whole kin (kin.h).
 *
 * A policy that cannot work any more (for example, since the customer key was dropped)
 * stays a policy: "broken" names the reason, and the rewrite refuses the guarded
 * columns.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_statistic_ext_data.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/catalog.h"
#include "base/customerkey.h"
#include "base/objects.h"
#include "base/refused.h"
#include "policy/derive.h"
#include "policy/inherit.h"
#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/policy.h"
#include "policy/policycache.h"

/* The context argument of add_labels(). */
typedef struct BuildContext
{
	CgPolicy   *policy;			/* to fill */
	Oid			source;			/* whose labels: the relation itself or an ancestor */
} BuildContext;

static void build_policy(CgPolicy *policy, Oid relid);
static const CgPolicy *look_at(Oid relid);
static bool is_log(Oid relid, List *ancestors);
static void add_table_label(BuildContext *build, const char *label);
static void add_labels(AttrNumber attnum, const char *label, void *context);
static void check_policy(CgPolicy *policy);

void
cg_policy_init(void)
{
	cg_policycache_init();
}

static inline const CgPolicy *
find_policy(Oid relid)
{
	const CgPolicy *policy = cg_policycache_find(relid);

	return policy ? policy : look_at(relid);
}

/*
 * Builds in a context of its own: parsed labels take a few kB for each relation that has
 * labels, and a plan may ask for ten thousand partitions.
 */
static pg_noinline const CgPolicy *
look_at(Oid relid)
{
	const CgPolicy *policy;
	CgPolicy	fresh;
	MemoryContext context;
	MemoryContext oldcontext;
	uint64		before;

	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard policy under way",
									ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	before = cg_policycache_invalidations();
	/* Building may fail: only a finished policy goes into the cache. */
	build_policy(&fresh, relid);
	policy = cg_policycache_put(&fresh, before);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
	return policy;
}

const CgPolicy *
cg_policy_get(Oid relid)
{
	const CgPolicy *policy = find_policy(relid);

	return policy->nguarded > 0 ? policy : NULL;
}

void
cg_policy_refuse_toast(Oid relid)
{
	Oid			main = find_policy(relid)->toast_of;

	if (cg_policy_is_statistics(main) && !superuser_arg(GetOuterUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the TOAST table of relation \"%s\" cannot be read", get_rel_name(main)),
				 errdetail("It holds pieces of statistics, which may be of guarded columns.")));

	if (OidIsValid(main) && (find_policy(main)->nguarded > 0 || find_policy(main)->audited))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the TOAST table of relation \"%s\" cannot be read", get_rel_name(main)),
				 cg_refused_relation(main, InvalidAttrNumber),
				 errdetail("It holds pieces of guarded values, or of the access log.")));
}

bool
cg_policy_is_audited(Oid relid)
{
	return find_policy(relid)->audited;
}

bool
cg_policy_is_known(Oid relid)
{
	const CgPolicy *policy = cg_policycache_peek(relid);

	return policy && policy->nguarded > 0;
}

bool
cg_policy_is_any_locked(void)
{
	return cg_policycache_is_any_locked();
}

/* Allocates in the current memory context. */
static void
build_policy(CgPolicy *policy, Oid relid)
{
	BuildContext context = {policy, relid};
	ListCell   *lc;

	memset(policy, 0, sizeof(*policy));
	policy->relid = relid;
	/* Only PostgreSQL creates tables in that schema, and names each after its table's OID. */
	if (get_rel_namespace(relid) == PG_TOAST_NAMESPACE &&
		sscanf(get_rel_name(relid), "pg_toast_%u", &policy->toast_of) != 1)
		policy->toast_of = InvalidOid;
	policy->ancestors = cg_inherit_ancestors(relid);
	policy->audited = is_log(relid, policy->ancestors);
	cg_labels_of_relation(relid, add_labels, &context);
	foreach(lc, policy->ancestors)
	{
		context.source = lfirst_oid(lc);
		cg_labels_of_relation(context.source, add_labels, &context);
	}
	if (policy->nguarded > 0)
		cg_derive_columns(policy);
	if (policy->nguarded > 0)
		check_policy(policy);
}

/*
 * Is it part of the access log?  The relation must be a member of the extension: a user's
 * view may have the same name.
 */
static bool
is_log(Oid relid, List *ancestors)
{
	static const char *const names[] = {"log", "access_log", "restored_log", "whole_log", "held", "query_text", "log_common",
	"journal_passed", "disclosure"};

	if (!cg_objects_is_own(relid))
		return false;
	for (int i = 0; i < lengthof(names); i++)
		if (relid == cg_objects_relation(names[i], true))
			return true;
	return list_member_oid(ancestors, cg_objects_relation("log", true));
}

/* A child inherits "hide" from its parent, but not the state of row security. */
static void
add_table_label(BuildContext *build, const char *label)
{
	CgTableLabel parsed;

	cg_labelparse_table(label, &parsed);
	if (!parsed.protect)
		return;
	build->policy->hide |= strcmp(parsed.mode, "hide") == 0;
	build->policy->unpinned |= parsed.unpinned;
	if (build->source != build->policy->relid || parsed.row_security == NULL)
		return;
	if (strcmp(parsed.row_security, "off") == 0)
		build->policy->row_security = CG_ROW_SECURITY_OFF;
	else if (strcmp(parsed.row_security, "dormant") == 0)
		build->policy->row_security = CG_ROW_SECURITY_DORMANT;
	else if (strcmp(parsed.row_security, "on") == 0)
		build->policy->row_security = CG_ROW_SECURITY_ON;
}

/* The relation's own labels are read first, so they win over those of its ancestors. */
static void
add_labels(AttrNumber attnum, const char *label, void *context)
{
	BuildContext *build = context;
	CgPolicy   *policy = build->policy;
	CgColumnLabel parsed;

	if (attnum == 0)
	{
		add_table_label(build, label);
		return;
	}
	cg_labelparse_column(label, &parsed);
	if (build->source != policy->relid)
		attnum = get_attnum(policy->relid, get_attname(build->source, attnum, false));
	if (attnum == InvalidAttrNumber)
		return;
	if (parsed.customer && policy->customer == InvalidAttrNumber)
		policy->customer = attnum;
	if (parsed.mask)
		cg_policy_guard(policy, attnum, parsed.mask, parsed.relay);
}

void
cg_policy_guard(CgPolicy *policy, AttrNumber attnum, const char *spec, bool relay)
{
	MemoryContext oldcontext;
	int			at;

	for (at = 0; at < policy->nguarded && policy->guarded[at].attnum < attnum; at++);
	if (at < policy->nguarded && policy->guarded[at].attnum == attnum)
	{
		CgGuarded  *guarded = &policy->guarded[at];

		/* An ancestor's relay comes with its mask: that of the child may tell digits. */
		if (!relay || guarded->relay)
			return;
		oldcontext = MemoryContextSwitchTo(GetMemoryChunkContext(policy->guarded));
		cg_mask_parse(spec, &guarded->mask);
		guarded->spec = pstrdup(spec);
		guarded->relay = true;
		MemoryContextSwitchTo(oldcontext);
		return;
	}
	/* derive.c adds columns while another memory context is current. */
	oldcontext = MemoryContextSwitchTo(policy->guarded ? GetMemoryChunkContext(policy->guarded)
									   : CurrentMemoryContext);
	policy->guarded = policy->guarded
		? repalloc(policy->guarded, sizeof(CgGuarded) * (policy->nguarded + 1))
		: palloc(sizeof(CgGuarded));
	memmove(&policy->guarded[at + 1], &policy->guarded[at],
			sizeof(CgGuarded) * (policy->nguarded - at));
	policy->guarded[at].attnum = attnum;
	cg_mask_parse(spec, &policy->guarded[at].mask);
	policy->guarded[at].spec = pstrdup(spec);
	policy->guarded[at].relay = relay;
	policy->nguarded++;
	MemoryContextSwitchTo(oldcontext);
}

static void
check_policy(CgPolicy *policy)
{
	if (policy->customer == InvalidAttrNumber)
		policy->broken = "no column is the customer key";
	else if (!cg_customerkey_is_type(get_atttype(policy->relid, policy->customer)))
		policy->broken = psprintf("the customer key \"%s\" has type %s",
								  get_attname(policy->relid, policy->customer, false),
								  format_type_be(get_atttype(policy->relid, policy->customer)));
	else if (get_attgenerated(policy->relid, policy->customer) != '\0')
		policy->broken = psprintf("the customer key \"%s\" is computed from other columns, which would move rows to another customer",
								  get_attname(policy->relid, policy->customer, false));
	else if (cg_policy_column(policy, policy->customer))
		policy->broken = "the customer key itself is guarded";
	else if (policy->nguarded > CG_GUARDED_MAX)
		policy->broken = psprintf("more than %d columns are guarded", CG_GUARDED_MAX);
	if (policy->broken)
		policy->customer = InvalidAttrNumber;
}

void
cg_policy_check_number(Oid relid, List *attnums)
{
	int			guarded = list_length(attnums);
	int			natts = cg_catalog_natts(relid);

	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		CgColumnLabel label;

		cg_labelparse_column(cg_labels_get(relid, attnum), &label);
		guarded += label.mask != NULL && !list_member_int(attnums, attnum);
	}
	if (guarded > CG_GUARDED_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%d columns of relation \"%s\" would be guarded, more than %d",
						guarded, get_rel_name(relid), CG_GUARDED_MAX)));
}

const CgGuarded *
cg_policy_column(const CgPolicy *policy, AttrNumber attnum)
{
	for (int i = 0; i < policy->nguarded; i++)
		if (policy->guarded[i].attnum == attnum)
			return &policy->guarded[i];
	return NULL;
}

bool
cg_policy_is_statistics(Oid relid)
{
	return relid == StatisticRelationId || relid == StatisticExtDataRelationId;
}
