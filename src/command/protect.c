/*
 * protect.c
 *		protect(), unprotect().
 *
 * They check, and write labels (labels.c).  Everything is checked before the first label is
 * set.  reach.c warns of problems that are no reason to refuse.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/catalog.h"
#include "base/customerkey.h"
#include "base/objects.h"
#include "base/refused.h"
#include "base/roles.h"
#include "command/copies.h"
#include "command/fallback.h"
#include "command/protect.h"
#include "command/reach.h"
#include "journal/eventrecord.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/kin.h"
#include "policy/labels.h"
#include "policy/mask.h"
#include "policy/offences.h"
#include "policy/policy.h"
#include "policy/windowquery.h"

PG_FUNCTION_INFO_V1(cg_protect);
PG_FUNCTION_INFO_V1(cg_unprotect);

static void check_relation(Oid relid);
static void check_settings(Oid relid, const char *mode, const char *fallback);
static bool parse_reveal(const char *reveal, Oid relid);
static void check_key(Oid relid, AttrNumber customer);
static void check_column(Oid relid, AttrNumber attnum, AttrNumber customer, const CgMask *mask, bool relay);
static void require_no_key(Oid relid, AttrNumber attnum);
static void require_no_key_computed(Oid relid);
static List *column_list(ArrayType *array, Oid relid);
static void guard_column(Oid relid, AttrNumber attnum, char *mask, bool relay);
static char *column_names(Oid relid, List *attnums);

/* ERROR if the caller may not set a policy on the relation, or it cannot have one. */
static void
check_relation(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	cg_roles_require_policy_owner(relid, "set a policy");
	if (relkind == RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a view", get_rel_name(relid)),
				 errhint("Protect the tables under the view.")));
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_MATVIEW && relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", get_rel_name(relid))));
	if (IsCatalogRelationOid(relid) || cg_objects_is_own(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a system table", get_rel_name(relid))));
	if (cg_reach_is_distributed(relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("relation \"%s\" is distributed by Citus and cannot be protected", get_rel_name(relid)),
				 errdetail("Its rows come from other servers, where this guard does not act.")));
}

static void
check_settings(Oid relid, const char *mode, const char *fallback)
{
	char		relkind = get_rel_relkind(relid);

	if (strcmp(mode, "mask") != 0 && strcmp(mode, "hide") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode \"%s\"", mode),
				 errhint("Modes are mask and hide.")));
	if (strcmp(fallback, "none") != 0 && strcmp(fallback, "rls") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid fallback \"%s\"", fallback),
				 errhint("Fallbacks are none and rls.")));
	if ((strcmp(mode, "hide") == 0 || strcmp(fallback, "rls") == 0) &&
		relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot have row security, which mode hide and fallback rls need",
						get_rel_name(relid)),
				 errhint("Protect it in mode mask, without fallback.")));
}

/* Does an open window give a way to call, and not the value? */
static bool
parse_reveal(const char *reveal, Oid relid)
{
	bool		relay = strcmp(reveal, "relay") == 0;

	if (!relay && strcmp(reveal, "value") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value \"%s\" of reveal", reveal),
				 errhint("Values are value and relay.")));
	if (relay && get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a foreign table, from which no relay can take a number", get_rel_name(relid))));
	return relay;
}

static AttrNumber
require_column(Oid relid, const char *name)
{
	AttrNumber	attnum = get_attnum(relid, name);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", name, get_rel_name(relid))));
	if (attnum < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" is a system column", name)));
	return attnum;
}

static void
check_key(Oid relid, AttrNumber customer)
{
	const CgPolicy *policy = cg_policy_get(relid);
	Oid			type = get_atttype(relid, customer);
	ListCell   *lc;

	if (!cg_customerkey_is_type(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customer key \"%s\" of relation \"%s\" has type %s",
						get_attname(relid, customer, false), get_rel_name(relid), format_type_be(type)),
				 errhint("Customer keys are smallint, integer, bigint, uuid, text or varchar.")));
	/*
	 * A user who may change the columns from which the key is computed could move rows to
	 * another customer.
	 */
	if (get_attgenerated(relid, customer) != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("customer key \"%s\" of relation \"%s\" is a generated column",
						get_attname(relid, customer, false), get_rel_name(relid)),
				 errhint("Use a column that is not generated.")));
	if (policy && policy->customer != InvalidAttrNumber && policy->customer != customer)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("relation \"%s\" is protected already, with customer key \"%s\"",
						get_rel_name(relid), get_attname(relid, policy->customer, false)),
				 errhint("To use another key, call contact_guard.unprotect() first. It ends the guard of all columns of the relation.")));
	foreach(lc, cg_interventions_list())
	{
		CgInterventions *interventions = lfirst(lc);

		if (interventions->broken || get_rel_namespace(interventions->relid) == cg_objects_schema())
			continue;
		if (interventions->customer_type != cg_customerkey_lookup_type(relid, customer))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("customer key \"%s\" of relation \"%s\" has type %s, but customers in interventions relation \"%s\" are of another kind",
							get_attname(relid, customer, false), get_rel_name(relid),
							format_type_be(type), get_rel_name(interventions->relid))));
	}
}

static void
check_column(Oid relid, AttrNumber attnum, AttrNumber customer, const CgMask *mask, bool relay)
{
	CgColumnLabel label;
	const char *name = get_attname(relid, attnum, false);
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (attnum == customer)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" cannot be guarded: it is the customer key", name)));
	get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
	cg_mask_check(mask, type, typmod, get_rel_name(relid), name);
	cg_labelparse_column(cg_labels_get(relid, attnum), &label);
	/* Whoever writes what it is generated from would say whom the gateway calls. */
	if (relay && get_attgenerated(relid, attnum) != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("generated column \"%s\" cannot be reached by relay", name),
				 errhint("Name the column that it is generated from.")));
	if (relay || label.relay)
		cg_mask_check_relay(mask, type, get_rel_name(relid), name);
	require_no_key(relid, attnum);
}

/* A foreign key's check is a query, which would compare masks. */
static void
require_no_key(Oid relid, AttrNumber attnum)
{
	if (cg_reach_in_foreign_key(relid, attnum))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of relation \"%s\" cannot be guarded: it takes part in a foreign key",
						get_attname(relid, attnum, false), get_rel_name(relid)),
				 cg_refused_relation(relid, InvalidAttrNumber)));
}

/* The same for columns that are guarded because they are computed from guarded ones. */
static void
require_no_key_computed(Oid relid)
{
	const CgPolicy *policy = cg_policy_get(relid);
	List	   *computed = NIL;
	ListCell   *lc;

	for (int i = 0; policy && i < policy->nguarded; i++)
		if (get_attgenerated(relid, policy->guarded[i].attnum) != '\0')
			computed = lappend_int(computed, policy->guarded[i].attnum);
	foreach(lc, computed)
		require_no_key(relid, lfirst_int(lc));
}

static List *
column_list(ArrayType *array, Oid relid)
{
	Datum	   *names;
	bool	   *nulls;
	int			count;
	List	   *attnums = NIL;

	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no columns named")));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a column's name must not be null")));
		attnums = list_append_unique_int(attnums,
										 require_column(relid, NameStr(*DatumGetName(names[i]))));
	}
	return attnums;
}

static char *
column_names(Oid relid, List *attnums)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, attnums)
		appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
						 get_attname(relid, lfirst_int(lc), false));
	return out.data;
}

static void
guard_column(Oid relid, AttrNumber attnum, char *mask, bool relay)
{
	CgColumnLabel label;

	cg_labelparse_column(cg_labels_get(relid, attnum), &label);
	/* "value" may be only the default, and would show numbers that nobody was to see. */
	if (mask && label.relay && !relay)
		ereport(NOTICE,
				(errmsg("column \"%s\" of relation \"%s\" stays with reveal relay",
						get_attname(relid, attnum, false), get_rel_name(relid)),
				 errhint("For reveal value, call contact_guard.unprotect() first.")));
	label.relay = mask && (relay || label.relay);
	label.mask = mask;
	cg_labels_set_column(relid, attnum, &label);
}

Datum
cg_protect(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *spec = text_to_cstring(PG_GETARG_TEXT_PP(3));
	char	   *mode = text_to_cstring(PG_GETARG_TEXT_PP(4));
	char	   *fallback = text_to_cstring(PG_GETARG_TEXT_PP(5));

	/* Version 1.0's SQL function has no such argument. */
	char	   *unpinned = PG_NARGS() > 6 ? text_to_cstring(PG_GETARG_TEXT_PP(6)) : "refuse";
	bool		relay = parse_reveal(PG_NARGS() > 7 ? text_to_cstring(PG_GETARG_TEXT_PP(7)) : "value", relid);
	CgMask		mask;
	AttrNumber	customer;
	CgTableLabel table;
	CgColumnLabel key;
	List	   *attnums;
	List	   *unguarded;
	bool		is_new;
	ListCell   *lc;

	check_relation(relid);
	cg_kin_lock(relid);
	cg_mask_parse(spec, &mask);
	check_settings(relid, mode, fallback);
	if (strcmp(unpinned, "refuse") != 0 && strcmp(unpinned, "accept") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value \"%s\" of unpinned", unpinned),
				 errhint("Values are refuse and accept.")));
	customer = require_column(relid, NameStr(*PG_GETARG_NAME(1)));
	check_key(relid, customer);
	attnums = column_list(PG_GETARG_ARRAYTYPE_P(2), relid);
	foreach(lc, attnums)
		check_column(relid, lfirst_int(lc), customer, &mask, relay);
	cg_policy_check_number(relid, attnums);
	unguarded = cg_copies_unguarded(relid, attnums);

	cg_labelparse_table(cg_labels_get(relid, 0), &table);
	/* "mask" may be only the default, and would make hidden rows appear. */
	if (table.protect && strcmp(table.mode, "hide") == 0 && strcmp(mode, "mask") == 0)
	{
		ereport(NOTICE,
				(errmsg("relation \"%s\" stays in mode hide", get_rel_name(relid)),
				 errhint("For mode mask, call contact_guard.unprotect() first.")));
		mode = table.mode;
	}
	/* Mode hide and the fallback need row security. */
	if (strcmp(mode, "hide") == 0 || (table.protect && strcmp(table.fallback, "rls") == 0))
		fallback = "rls";
	is_new = !table.protect;
	table.protect = true;
	table.mode = mode;
	table.fallback = fallback;
	table.unpinned |= strcmp(unpinned, "accept") == 0;
	if (strcmp(fallback, "rls") == 0)
		cg_fallback_make(relid, &table.row_security);
	cg_labels_set_table(relid, &table);
	cg_labelparse_column(cg_labels_get(relid, customer), &key);
	key.customer = true;
	cg_labels_set_column(relid, customer, &key);
	foreach(lc, attnums)
		guard_column(relid, lfirst_int(lc), spec, relay);

	/* The labels are set now, so columns computed from guarded ones are known as guarded. */
	require_no_key_computed(relid);
	cg_offences_require_none(relid);
	cg_eventrecord_add("protect %s (%s), customer %s, mask %s, mode %s, fallback %s%s%s",
					   get_rel_name(relid), column_names(relid, attnums),
					   get_attname(relid, customer, false), spec, mode, fallback,
					   table.unpinned ? ", unpinned accept" : "", relay ? ", reveal relay" : "");
	cg_reach_warn(relid, attnums, is_new);
	cg_copies_warn(relid, unguarded);
	PG_RETURN_VOID();
}

void
cg_protect_take_back(Oid relid, List *attnums)
{
	int			left = 0;
	int			natts = cg_catalog_natts(relid);
	CgTableLabel table;

	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		char	   *text = cg_labels_get(relid, attnum);
		CgColumnLabel label;

		cg_labelparse_column(text, &label);
		if (label.mask == NULL)
			continue;
		if (attnums != NIL && !list_member_int(attnums, attnum))
			left++;
		else
			guard_column(relid, attnum, NULL, false);
	}
	if (left > 0)
		return;
	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		CgColumnLabel label;

		cg_labelparse_column(cg_labels_get(relid, attnum), &label);
		if (!label.customer)
			continue;
		label.customer = false;
		cg_labels_set_column(relid, attnum, &label);
	}
	cg_labelparse_table(cg_labels_get(relid, 0), &table);
	if (table.protect && strcmp(table.fallback, "rls") == 0)
		cg_fallback_remove(relid, table.row_security);
	table.protect = false;
	table.unpinned = false;
	cg_labels_set_table(relid, &table);
}

Datum
cg_unprotect(PG_FUNCTION_ARGS)
{
	Oid			relid;
	List	   *attnums = NIL;
	CgTableLabel table;
	ListCell   *lc;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	relid = PG_GETARG_OID(0);
	LockRelationOid(relid, ShareUpdateExclusiveLock);
	check_relation(relid);
	cg_labelparse_table(cg_labels_get(relid, 0), &table);
	if (!table.protect)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not protected", get_rel_name(relid))));
	if (!PG_ARGISNULL(1))
		attnums = column_list(PG_GETARG_ARRAYTYPE_P(1), relid);
	foreach(lc, attnums)
	{
		CgColumnLabel label;

		cg_labelparse_column(cg_labels_get(relid, lfirst_int(lc)), &label);
		if (label.mask == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" of relation \"%s\" is not guarded",
							get_attname(relid, lfirst_int(lc), false), get_rel_name(relid))));
	}
	cg_protect_take_back(relid, attnums);
	cg_eventrecord_add("unprotect %s (%s)", get_rel_name(relid),
					   attnums == NIL ? "all columns" : column_names(relid, attnums));
	PG_RETURN_VOID();
}
