/*
 * derive.c
 *		Generated columns that are computed from guarded ones.
 *
 * They are guarded like their inputs, without a label.  A mask that shows a part of the
 * value, or which values are equal, could show another part here: substr(phone, 5) under
 * partial(4,0).  So that mask is used only if the expression is the column itself, in
 * upper or lower case.  A constant mask does not hide a NULL.  It is used if the
 * expression is NULL only if the column is.  In all other cases the mask is null.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "compat.h"
#include "policy/derive.h"

static Node *generation_expression(Oid relid, AttrNumber attnum);
static const CgGuarded *source_of(const CgPolicy *policy, Oid of, Node *expression, bool *several, bool *relay);
static bool is_column_itself(Node *node);
static bool keeps_null(Node *node);
static bool suits(const CgPolicy *policy, const CgGuarded *source, AttrNumber attnum);
static char *mask_of(const CgPolicy *policy, const CgGuarded *source, bool several,
					 AttrNumber attnum, Node *expression);

/* The expression of a generated column; NULL if the column is not generated. */
static Node *
generation_expression(Oid relid, AttrNumber attnum)
{
	HeapTuple	attribute = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));
	bool		generated;
	Relation	catalog;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Node	   *result = NULL;

	if (!HeapTupleIsValid(attribute))
		return NULL;
	generated = ((Form_pg_attribute) GETSTRUCT(attribute))->attgenerated != '\0';
	ReleaseSysCache(attribute);
	if (!generated)
		return NULL;
	catalog = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber, F_INT2EQ,
				Int16GetDatum(attnum));
	scan = systable_beginscan(catalog, AttrDefaultIndexId, true, NULL, 2, keys);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		stored = heap_getattr(tuple, Anum_pg_attrdef_adbin, RelationGetDescr(catalog), &isnull);

		if (!isnull)
			result = stringToNode(TextDatumGetCString(stored));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* The first guarded column in the expression, or NULL.  *relay: one of them has it. */
static const CgGuarded *
source_of(const CgPolicy *policy, Oid of, Node *expression, bool *several, bool *relay)
{
	Bitmapset  *attnums = NULL;
	const CgGuarded *result = NULL;

	*several = false;
	*relay = false;
	pull_varattnos(expression, 1, &attnums);
	for (int i = 0; i < policy->nguarded; i++)
	{
		AttrNumber	there = policy->guarded[i].attnum;

		if (of != policy->relid)
			there = get_attnum(of, get_attname(policy->relid, there, false));
		if (there == InvalidAttrNumber)
			continue;
		if (!bms_is_member(there - FirstLowInvalidHeapAttributeNumber, attnums) &&
			!bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attnums))
			continue;
		*several = result != NULL;
		*relay |= policy->guarded[i].relay;
		if (result == NULL)
			result = &policy->guarded[i];
	}
	return result;
}

static bool
is_column_itself(Node *node)
{
	if (IsA(node, Var))
		return true;
	if (IsA(node, RelabelType))
		return is_column_itself((Node *) ((RelabelType *) node)->arg);
	if (IsA(node, FuncExpr))
	{
		FuncExpr   *call = (FuncExpr *) node;

		return (call->funcid == F_UPPER_TEXT || call->funcid == F_LOWER_TEXT) &&
			is_column_itself(linitial(call->args));
	}
	return false;
}

/* Is it NULL only if a column in it is?  False for regexp_match(), nullif() or CASE. */
static bool
keeps_null(Node *node)
{
	List	   *args;
	ListCell   *lc;

	if (IsA(node, Var))
		return true;
	if (IsA(node, Const))
		return !((Const *) node)->constisnull;
	if (IsA(node, RelabelType))
		return keeps_null((Node *) ((RelabelType *) node)->arg);
	if (IsA(node, CoerceViaIO))
		return keeps_null((Node *) ((CoerceViaIO *) node)->arg);
	if (IsA(node, OpExpr) && get_opcode(((OpExpr *) node)->opno) == F_TEXTCAT)
		args = ((OpExpr *) node)->args;
	else if (IsA(node, FuncExpr))
	{
		args = ((FuncExpr *) node)->args;
		switch (((FuncExpr *) node)->funcid)
		{
			case F_UPPER_TEXT:
			case F_LOWER_TEXT:
			case F_INITCAP:
			case F_REVERSE_TEXT:
			case F_MD5_TEXT:
			case F_LEFT:
			case F_RIGHT:
			case F_BTRIM_TEXT:
			case F_BTRIM_TEXT_TEXT:
			case F_LTRIM_TEXT:
			case F_RTRIM_TEXT:
			case F_REPLACE:
			case F_TRANSLATE:
			case F_SPLIT_PART:
			case F_SUBSTR_TEXT_INT4:
			case F_SUBSTR_TEXT_INT4_INT4:
			case F_SUBSTRING_TEXT_INT4:
			case F_SUBSTRING_TEXT_INT4_INT4:
			case F_REGEXP_REPLACE_TEXT_TEXT_TEXT:
			case F_REGEXP_REPLACE_TEXT_TEXT_TEXT_TEXT:
				break;
			default:
				return false;
		}
	}
	else
		return false;
	foreach(lc, args)
		if (!keeps_null(lfirst(lc)))
			return false;
	return true;
}

/* Has the column the type that the mask was made for, or a type that takes any text? */
static bool
suits(const CgPolicy *policy, const CgGuarded *source, AttrNumber attnum)
{
	Oid			type[2];
	int32		typmod[2];
	Oid			collation;

	get_atttypetypmodcoll(policy->relid, source->attnum, &type[0], &typmod[0], &collation);
	get_atttypetypmodcoll(policy->relid, attnum, &type[1], &typmod[1], &collation);
	return (type[0] == type[1] && typmod[0] == typmod[1]) ||
		((type[1] == TEXTOID || type[1] == VARCHAROID) && typmod[1] == -1);
}

static char *
mask_of(const CgPolicy *policy, const CgGuarded *source, bool several, AttrNumber attnum,
		Node *expression)
{
	bool		kept = false;

	if (!several && suits(policy, source, attnum))
		kept = source->mask.kind == CG_MASK_CONSTANT ? keeps_null(expression) : is_column_itself(expression);
	return kept ? pstrdup(source->spec) : "null";
}

void
cg_derive_columns(CgPolicy *policy)
{
	/* Expressions are read into temporary memory; the policy stays. */
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "contact_guard expressions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(scratch);
	List	   *relations = lcons_oid(policy->relid, list_copy(policy->ancestors));
	ListCell   *lc;

	/* A generated column cannot refer to another one. */
	foreach(lc, relations)
	{
		Oid			of = lfirst_oid(lc);
		int			natts = cg_catalog_natts(of);

		for (AttrNumber there = 1; there <= natts; there++)
		{
			Node	   *expression = generation_expression(of, there);
			const CgGuarded *source;
			AttrNumber	attnum = there;
			bool		several;
			bool		relay;

			if (expression == NULL)
				continue;
			if (of != policy->relid)
				attnum = get_attnum(policy->relid, get_attname(of, there, false));
			if (attnum == InvalidAttrNumber || cg_policy_column(policy, attnum))
				continue;
			source = source_of(policy, of, expression, &several, &relay);
			if (source)
				cg_policy_guard(policy, attnum,
								relay && cg_mask_tells(&source->mask) ? "null" :
								mask_of(policy, source, several, attnum, expression), relay);
		}
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(scratch);
}
