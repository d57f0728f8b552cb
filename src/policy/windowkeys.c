/*
 * windowkeys.c
 *		The index, and the scan keys, of a question for windows.
 *
 * An index helps by the columns at its beginning that a condition wants to be equal to a
 * value, and by conditions of order on the column behind them.  The customer among them
 * counts most, since a customer has few interventions, then the technician, who has a past,
 * then conditions of order, and constants of the policy last: most rows may have them.  An
 * index without customer and technician is none for us.  The planner's
 * statistics are not asked: what it chose for a table of ten rows would stay.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "policy/windowkeys.h"

#define TECHNICIAN_PARAM 1
#define CUSTOMER_PARAM 3

/* What one index can do. */
typedef struct Trial
{
	CgWindowKeys keys;
	List	   *used;			/* conditions that are keys */
	int			score;
} Trial;

static bool is_usable(Relation index, List *quals);
static void try_index(Relation index, List *quals, Trial *trial);
static bool add_key(Relation index, int column, OpExpr *op, Trial *trial, int *strategy);
static Node *without_relabel(Node *node);

/* Its comparisons must be PostgreSQL's own, and every row that matters in it. */
static bool
is_usable(Relation index, List *quals)
{
	int			nsupport = IndexRelationGetNumberOfKeyAttributes(index) * BTNProcs;

	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid)
		return false;
	/* As the planner asks: until then, an old snapshot may need rows that are not in it. */
	if (index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin))
		return false;
	for (int i = 0; i < nsupport; i++)
		if (index->rd_support[i] >= FirstNormalObjectId)
			return false;
	return predicate_implied_by(RelationGetIndexPredicate(index), quals, false);
}

static Node *
without_relabel(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* "column op value" in the index's own order: adds the key. */
static bool
add_key(Relation index, int column, OpExpr *op, Trial *trial, int *strategy)
{
	CgWindowKeys *keys = &trial->keys;
	Node	   *left = without_relabel(linitial(op->args));
	Node	   *right = lsecond(op->args);
	Oid			collation = index->rd_indcollation[column];
	Oid			lefttype;
	Oid			righttype;
	Datum		value = (Datum) 0;

	if (!IsA(left, Var) || ((Var *) left)->varattno != index->rd_index->indkey.values[column] ||
		!op_in_opfamily(op->opno, index->rd_opfamily[column]) ||
		(OidIsValid(collation) && collation != op->inputcollid) || keys->nkeys == CG_WINDOWKEYS_MAX)
		return false;
	get_op_opfamily_properties(op->opno, index->rd_opfamily[column], false, strategy, &lefttype, &righttype);
	if (lefttype != index->rd_opcintype[column])
		return false;
	if (IsA(right, Const) && !((Const *) right)->constisnull)
		value = ((Const *) right)->constvalue;
	else if (!IsA(right, Param))
		return false;
	keys->params[keys->nkeys] = IsA(right, Param) ? ((Param *) right)->paramid : 0;
	ScanKeyEntryInitialize(&keys->keys[keys->nkeys], 0, column + 1, *strategy, righttype, op->inputcollid,
						   get_opcode(op->opno), value);
	return true;
}

static void
try_index(Relation index, List *quals, Trial *trial)
{
	int			nequal = 0;
	bool		ranges = false;
	bool		by_customer = false;
	bool		by_technician = false;

	for (int column = 0; column < IndexRelationGetNumberOfKeyAttributes(index); column++)
	{
		bool		equal = false;
		ListCell   *lc;

		foreach(lc, quals)
		{
			int			strategy;

			if (!IsA(lfirst(lc), OpExpr) || list_length(((OpExpr *) lfirst(lc))->args) != 2 ||
				!add_key(index, column, lfirst(lc), trial, &strategy))
				continue;
			equal |= strategy == BTEqualStrategyNumber;
			ranges |= strategy != BTEqualStrategyNumber;
			by_customer |= strategy == BTEqualStrategyNumber && trial->keys.params[trial->keys.nkeys] == CUSTOMER_PARAM;
			by_technician |= strategy == BTEqualStrategyNumber && trial->keys.params[trial->keys.nkeys] == TECHNICIAN_PARAM;
			trial->keys.nkeys++;
			trial->used = lappend(trial->used, lfirst(lc));
		}
		if (!equal)
			break;
		nequal++;
	}
	trial->keys.index = RelationGetRelid(index);
	trial->score = !by_customer && !by_technician ? 0 :
		16 * by_customer + 8 * by_technician + 4 * ranges + Min(nequal, 3);
}

List *
cg_windowkeys_find(Relation rel, List *quals, CgWindowKeys *keys)
{
	Trial		best = {0};
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Trial		trial = {0};

		if (is_usable(index, quals))
			try_index(index, quals, &trial);
		index_close(index, AccessShareLock);
		if (trial.score > best.score)
			best = trial;
	}
	*keys = best.keys;
	return list_difference_ptr(quals, best.used);
}

bool
cg_windowkeys_are_given(const CgWindowKeys *keys, const bool *given)
{
	for (int i = 0; i < keys->nkeys; i++)
		if (keys->params[i] > 0 && !given[keys->params[i] - 1])
			return false;
	return true;
}

IndexScanDesc
cg_windowkeys_begin(const CgWindowKeys *keys, Relation rel, Relation index, const Datum *values,
					Snapshot snapshot)
{
	IndexScanDesc scan = cg_compat_index_beginscan(rel, index, snapshot, keys->nkeys);
	ScanKeyData filled[CG_WINDOWKEYS_MAX];

	for (int i = 0; i < keys->nkeys; i++)
	{
		filled[i] = keys->keys[i];
		if (keys->params[i] > 0)
			filled[i].sk_argument = values[keys->params[i] - 1];
	}
	index_rescan(scan, filled, keys->nkeys, NULL, 0);
	return scan;
}
