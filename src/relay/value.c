/*
 * value.c
 *		Reads a number to call from its table.
 *
 * It is the guard that reads, by the verdict on the technician, and not the gateway.  So no
 * query runs: no privilege, row security, rule, view, operator or search_path of a login
 * takes part, and nothing but the result of resolve() has the number.  Partitions and
 * children are read as well.  Rows are compared by the text of their customer key.  An index
 * only makes that faster, and is used if its comparisons are PostgreSQL's own.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/customerkey.h"
#include "compat.h"
#include "policy/policy.h"
#include "relay/number.h"
#include "relay/value.h"

typedef struct Search
{
	const char *customer;
	Oid			lookup_type;	/* of the key: int8, uuid or text */
	Datum		key;
	char	   *number;
	bool		several;
} Search;

static Oid	find_index(Relation rel, AttrNumber customer, Oid lookup_type, ScanKey key);
static void take_number(Search *search, TupleTableSlot *slot, AttrNumber customer, AttrNumber attnum);
static void search_relation(Search *search, Relation rel, AttrNumber customer, AttrNumber attnum);

/* An index that begins with the customer key, with the scan key for it; or InvalidOid. */
static Oid
find_index(Relation rel, AttrNumber customer, Oid lookup_type, ScanKey key)
{
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Oid			equal = InvalidOid;
		bool		own = true;

		for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index) * BTNProcs && own; i++)
			own = index->rd_rel->relam == BTREE_AM_OID && index->rd_support[i] < FirstNormalObjectId;
		if (own && index->rd_index->indisvalid && !index->rd_index->indcheckxmin &&
			index->rd_index->indkey.values[0] == customer && RelationGetIndexPredicate(index) == NIL)
			equal = get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0], lookup_type,
										BTEqualStrategyNumber);
		if (OidIsValid(equal))
		{
			ScanKeyEntryInitialize(key, 0, 1, BTEqualStrategyNumber, lookup_type,
								   index->rd_indcollation[0], get_opcode(equal), (Datum) 0);
			result = RelationGetRelid(index);
		}
		index_close(index, AccessShareLock);
		if (OidIsValid(result))
			break;
	}
	return result;
}

static void
take_number(Search *search, TupleTableSlot *slot, AttrNumber customer, AttrNumber attnum)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	Oid			key_type = getBaseType(TupleDescAttr(desc, customer - 1)->atttypid);
	Oid			type = getBaseType(TupleDescAttr(desc, attnum - 1)->atttypid);
	bool		isnull;
	Datum		value = slot_getattr(slot, customer, &isnull);
	char	   *key_text;
	char	   *number;

	if (isnull)
		return;
	key_text = cg_customerkey_text(value, key_type);
	if (key_text == NULL || strcmp(key_text, search->customer) != 0)
		return;
	value = slot_getattr(slot, attnum, &isnull);
	if (isnull || (type != TEXTOID && type != VARCHAROID && type != BPCHAROID))
		return;
	number = cg_number_dial(TextDatumGetCString(value));
	if (number == NULL)
		return;
	if (search->number && strcmp(search->number, number) != 0)
		search->several = true;
	search->number = number;
}

static void
search_relation(Search *search, Relation rel, AttrNumber customer, AttrNumber attnum)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	ScanKeyData key;
	Oid			by = find_index(rel, customer, search->lookup_type, &key);

	if (OidIsValid(by))
	{
		Relation	index = index_open(by, AccessShareLock);
		IndexScanDesc scan = cg_compat_index_beginscan(rel, index, GetActiveSnapshot(), 1);

		key.sk_argument = search->key;
		index_rescan(scan, &key, 1, NULL, 0);
		while (index_getnext_slot(scan, ForwardScanDirection, slot))
			take_number(search, slot, customer, attnum);
		index_endscan(scan);
		index_close(index, NoLock);
	}
	else
	{
		TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);

		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			CHECK_FOR_INTERRUPTS();
			take_number(search, slot, customer, attnum);
		}
		table_endscan(scan);
	}
	ExecDropSingleTupleTableSlot(slot);
}

char *
cg_value_number(const CgContact *contact)
{
	AttrNumber	customer = cg_policy_get(contact->relation)->customer;
	const char *customer_name = get_attname(contact->relation, customer, false);
	const char *name = get_attname(contact->relation, contact->attnum, false);
	Search		search = {
		.customer = contact->customer,
		.lookup_type = cg_customerkey_lookup_type(contact->relation, customer),
	};
	ListCell   *lc;

	if (!cg_customerkey_datum(search.lookup_type, contact->customer, &search.key))
		return NULL;
	PushActiveSnapshot(GetLatestSnapshot());
	foreach(lc, find_all_inheritors(contact->relation, AccessShareLock, NULL))
	{
		Relation	rel = table_open(lfirst_oid(lc), NoLock);
		AttrNumber	its_customer = get_attnum(RelationGetRelid(rel), customer_name);
		AttrNumber	its = get_attnum(RelationGetRelid(rel), name);

		if (!RELATION_IS_OTHER_TEMP(rel) &&
			(rel->rd_rel->relkind == RELKIND_RELATION || rel->rd_rel->relkind == RELKIND_MATVIEW) &&
			its_customer > 0 && its > 0 && !cg_compat_is_virtual(TupleDescAttr(RelationGetDescr(rel), its - 1)))
			search_relation(&search, rel, its_customer, its);
		table_close(rel, NoLock);
	}
	PopActiveSnapshot();
	return search.several ? NULL : search.number;
}
