/*
 * copies.c
 *		Columns that may keep copies of values that protect() is to guard.
 *
 * An application may write a number into a table of changes, of searches or of messages as
 * well, where nobody thinks of it.  Who protects a column should hear of these tables.
 *
 * The values of columns that were guarded before are not compared: who may call protect()
 * without a standing permission could write guesses into a table of his own, and be told
 * which are right.  Columns that are guarded only now he could read a moment ago.
 *
 * Rows come from scans of ours, as in samevalue.c: no view, policy or operator of others
 * is run with the rights of the admin.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/objects.h"
#include "command/copies.h"
#include "compat.h"
#include "policy/policy.h"

/* What is looked at: enough to find a copy, and little enough to be done while a lock is held. */
#define SAMPLE_ROWS 2000
#define SAMPLE_RELATIONS 1000

/* So many values must be the same, unless there are fewer. */
#define SAME_VALUES 3

/* A shorter text may be the same by chance. */
#define SHORTEST_TEXT 6
#define SHORTEST_NUMBER 7
#define NUMBER_DIGITS 9			/* the last ones, so that a country's code does not matter */

#define COPIES_NAMED 8

typedef struct SampledValue
{
	uint64		hash;			/* the key; collisions do not matter for a WARNING */
	int			seen;			/* the last compared column that had it */
} SampledValue;

typedef struct CopySearch
{
	HTAB	   *values;
	List	   *names;			/* of the guarded columns */
	int			column;			/* number of the compared column */
	List	   *same_name;		/* columns, as String */
	List	   *same_values;
} CopySearch;

static bool is_open_column(const List *family, const char *name);
static bool is_like_text(const FormData_pg_attribute *attribute);
static bool hash_of_value(Datum datum, uint64 *hash);
static bool may_scan(Relation rel);
static int	scan_sample(Relation rel, AttrNumber attnum, CopySearch *search, bool collect);
static void collect_values(Oid relid, CopySearch *search);
static void compare_relation(Relation rel, CopySearch *search);
static List *add_name_of_column(List *names, Relation rel, AttrNumber attnum);
static List *relations_with_rows(void);
static void append_names(StringInfo out, const char *title, const List *names);

/* Could somebody without a permission read the column, in the relation and its descendants? */
static bool
is_open_column(const List *family, const char *name)
{
	ListCell   *lc;

	foreach(lc, family)
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));

		if (policy && (policy->broken || policy->hide ||
					   cg_policy_column(policy, get_attnum(lfirst_oid(lc), name)) != NULL))
			return false;
	}
	return true;
}

List *
cg_copies_unguarded(Oid relid, List *attnums)
{
	List	   *family = find_all_inheritors(relid, NoLock, NULL);
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, attnums)
		if (is_open_column(family, get_attname(relid, lfirst_int(lc), false)))
			result = lappend_int(result, lfirst_int(lc));
	return result;
}

/* The category is that of text, varchar, citext and domains over them. */
static bool
is_like_text(const FormData_pg_attribute *attribute)
{
	char		category;
	bool		preferred;

	if (attribute->attisdropped || attribute->attlen != -1 || cg_compat_is_virtual(attribute))
		return false;
	get_type_category_preferred(getBaseType(attribute->atttypid), &category, &preferred);
	return category == TYPCATEGORY_STRING;
}

/* A telephone number is the same in every form; other values are compared as they are. */
static bool
hash_of_value(Datum datum, uint64 *hash)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	const char *text;
	int			length;
	char		digits[NUMBER_DIGITS];
	int			ndigits = 0;
	bool		letters = false;

	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		return false;
	text = VARDATA_ANY(value);
	length = VARSIZE_ANY_EXHDR(value);
	while (length > 0 && text[length - 1] == ' ')
		length--;
	for (int i = 0; i < length; i++)
	{
		if (text[i] >= '0' && text[i] <= '9')
			digits[ndigits++ % NUMBER_DIGITS] = text[i];
		else if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || IS_HIGHBIT_SET(text[i]))
			letters = true;
	}
	if (!letters && ndigits >= SHORTEST_NUMBER)
	{
		char		last[NUMBER_DIGITS];
		int			count = Min(ndigits, NUMBER_DIGITS);

		for (int i = 0; i < count; i++)
			last[i] = digits[(ndigits - count + i) % NUMBER_DIGITS];
		*hash = hash_bytes_extended((const unsigned char *) last, count, 1);
		return true;
	}
	*hash = hash_bytes_extended((const unsigned char *) text, length, 0);
	return length >= SHORTEST_TEXT;
}

/* Row security that would be asked for this caller is code of others. */
static bool
may_scan(Relation rel)
{
	return (rel->rd_rel->relkind == RELKIND_RELATION || rel->rd_rel->relkind == RELKIND_MATVIEW) &&
		!RELATION_IS_OTHER_TEMP(rel) && RelationIsPopulated(rel) &&
		check_enable_rls(RelationGetRelid(rel), InvalidOid, true) != RLS_ENABLED;
}

/* "collect": into the sample.  Otherwise, how many values of the sample the column has. */
static int
scan_sample(Relation rel, AttrNumber attnum, CopySearch *search, bool collect)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	int			found = 0;

	search->column++;
	for (int row = 0; row < SAMPLE_ROWS && table_scan_getnextslot(scan, ForwardScanDirection, slot); row++)
	{
		bool		isnull;
		Datum		datum = slot_getattr(slot, attnum, &isnull);
		uint64		hash;
		SampledValue *value;

		CHECK_FOR_INTERRUPTS();
		if (isnull || !hash_of_value(datum, &hash))
			continue;
		value = hash_search(search->values, &hash, collect ? HASH_ENTER : HASH_FIND, NULL);
		if (!collect && value && value->seen != search->column)
			found++;
		if (value)
			value->seen = search->column;
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* A child has the columns of its parent by their names. */
static void
collect_values(Oid relid, CopySearch *search)
{
	Relation	rel = relation_open(relid, NoLock);
	ListCell   *lc;

	foreach(lc, search->names)
	{
		AttrNumber	attnum = get_attnum(relid, strVal(lfirst(lc)));

		if (may_scan(rel) && is_like_text(TupleDescAttr(RelationGetDescr(rel), attnum - 1)))
			(void) scan_sample(rel, attnum, search, true);
	}
	relation_close(rel, NoLock);
}

/* A partition is named by the table that it is a part of. */
static List *
add_name_of_column(List *names, Relation rel, AttrNumber attnum)
{
	Oid			relid = RelationGetRelid(rel);
	String	   *name;

	if (rel->rd_rel->relispartition && get_partition_ancestors(relid) != NIL)
		relid = llast_oid(get_partition_ancestors(relid));
	name = makeString(psprintf("%s.%s",
							   quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid)),
							   quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname))));
	return list_member(names, name) ? names : lappend(names, name);
}

static void
compare_relation(Relation rel, CopySearch *search)
{
	Oid			relid = RelationGetRelid(rel);
	const CgPolicy *policy = cg_policy_get(relid);
	bool		scan = may_scan(rel);
	int			enough = Min(SAME_VALUES, hash_get_num_entries(search->values));

	for (AttrNumber attnum = 1; attnum <= RelationGetNumberOfAttributes(rel); attnum++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(rel), attnum - 1);

		if (attribute->attisdropped || (policy && (policy->customer == attnum || cg_policy_column(policy, attnum))))
			continue;
		if (scan && enough > 0 && is_like_text(attribute) &&
			(pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
			 pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) == ACLCHECK_OK) &&
			scan_sample(rel, attnum, search, false) >= enough)
			search->same_values = add_name_of_column(search->same_values, rel, attnum);
		else if (list_member(search->names, makeString(NameStr(attribute->attname))))
			search->same_name = add_name_of_column(search->same_name, rel, attnum);
	}
}

/* Tables and materialized views of users, in the order of their OIDs. */
static List *
relations_with_rows(void)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(catalog, 0, NULL);
	HeapTuple	tuple;
	List	   *result = NIL;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if ((form->relkind == RELKIND_RELATION || form->relkind == RELKIND_MATVIEW) &&
			!IsCatalogNamespace(form->relnamespace) && !IsToastNamespace(form->relnamespace) &&
			!isOtherTempNamespace(form->relnamespace) && form->oid >= FirstNormalObjectId)
			result = lappend_oid(result, form->oid);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(result, list_oid_cmp);
	return result;
}

static void
append_names(StringInfo out, const char *title, const List *names)
{
	ListCell   *lc;

	if (names == NIL)
		return;
	appendStringInfo(out, "%s%s", out->len > 0 ? " " : "", title);
	foreach(lc, names)
	{
		if (foreach_current_index(lc) == COPIES_NAMED)
		{
			appendStringInfo(out, " and %d more", list_length(names) - COPIES_NAMED);
			break;
		}
		appendStringInfo(out, "%s%s", lc == list_head(names) ? " " : ", ", strVal(lfirst(lc)));
	}
	appendStringInfoChar(out, '.');
}

void
cg_copies_warn(Oid relid, List *attnums)
{
	HASHCTL		control = {.keysize = sizeof(uint64), .entrysize = sizeof(SampledValue), .hcxt = CurrentMemoryContext};
	CopySearch	search = {0};
	StringInfoData detail;
	int			looked_at = 0;
	ListCell   *lc;

	search.values = hash_create("contact_guard sample of values", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, attnums)
		search.names = lappend(search.names, makeString(get_attname(relid, lfirst_int(lc), false)));
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		collect_values(lfirst_oid(lc), &search);
	foreach(lc, attnums == NIL ? NIL : relations_with_rows())
	{
		Oid			other = lfirst_oid(lc);
		Relation	rel;

		if (cg_objects_is_own(other) || !ConditionalLockRelationOid(other, AccessShareLock))
			continue;
		rel = try_relation_open(other, NoLock);
		if (rel && looked_at++ < SAMPLE_RELATIONS)
			compare_relation(rel, &search);
		if (rel)
			relation_close(rel, NoLock);
		UnlockRelationOid(other, AccessShareLock);
	}
	hash_destroy(search.values);
	initStringInfo(&detail);
	append_names(&detail, "These have some of their values:", search.same_values);
	append_names(&detail, "These have the name of one:", search.same_name);
	if (detail.len > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("other columns may keep copies of guarded columns of relation \"%s\"", get_rel_name(relid)),
				 errdetail("%s", detail.data),
				 errhint("Protect those that do. No more than the first rows of each table were compared.")));
}
