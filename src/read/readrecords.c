/*
 * readrecords.c
 *		Makes records in the journal's buffer from the reads of an execution.
 *
 * No function here looks into a catalog: the door may call at any time, also outside of
 * a transaction.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/hsearch.h"

#include "journal/forward.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "journal/reason.h"
#include "journal/statement.h"
#include "read/readrecords.h"
#include "read/reads_private.h"
#include "read/roll.h"
#include "read/searched.h"

#define KNOWN_QUERIES_MAX 10000

#define TEXTS 64				/* a power of two */
#define LONGEST_KNOWN 1000

/* A text as it was executed, with its id: to normalise it again costs more than a read. */
typedef struct KnownText
{
	char	   *text;			/* NULL: none */
	size_t		length;
	uint64		known_in;		/* the journal that has it, normalised */
	int64		query_id;
} KnownText;

/* Queries whose text this session has put into the journal. */
static HTAB *known_queries = NULL;
static uint64 known_in = 0;		/* the journal that has them */

/* Texts that were executed lately, by the last bits of a hash; in TopMemoryContext. */
static KnownText known_texts[TEXTS];

static void put_query(CgReads *reads);
static void keep_text(KnownText *place, const char *text, size_t length, int64 query_id);
static bool is_audit_due(const CgReads *reads, CgDue due);
static uint64 rows_so_far(const CgReads *reads);
static void drain_audit(CgReads *reads);
static bool has_counts(const CgReads *reads, CgDue due);
static void put_context(const CgReads *reads);
static void name_columns(const ReadRelation *relation, CgRecord *record, const char **names, uint64 columns);
static void put_roll_set(void *arg, uint64 columns, const CgRecordSet *set);
static void write_if_much(const CgReads *reads);
static void put_record(const ReadRelation *relation, CgRecord *record, uint64 columns);
static void drain_verdict(Read *read, int verdict);
static void drain_withheld(Read *read);
static void drain_look_up(ReadRelation *relation);
static void put_searched(void *arg, const char *customer, int64 count);
static bool owes_search(const ReadRelation *relation, CgDue due);
static void drain_searches(const CgReads *reads, const ReadRelation *relation, CgDue due);
static void drain_counts(ReadRelation *relation, CgDue due);

/*
 * The first record of a session with this id carries the text.  The function is called
 * where a record is noted, not where it is drained: normalising may throw.
 */
void
cg_readrecords_put_query(CgReads *reads)
{
	size_t		length;
	const char *text;
	KnownText  *place;

	if (reads->has_query_id)
		return;
	text = cg_statement_text(reads->query, &length);
	if (text == NULL || length > LONGEST_KNOWN)
	{
		put_query(reads);
		return;
	}
	place = &known_texts[hash_bytes((const unsigned char *) text, length) % TEXTS];
	if (place->text && place->known_in == cg_journal_generation() && place->length == length &&
		memcmp(place->text, text, length) == 0)
	{
		reads->query_id = place->query_id;
		reads->has_query_id = true;
		return;
	}
	put_query(reads);
	keep_text(place, text, length, reads->query_id);
}

static void
keep_text(KnownText *place, const char *text, size_t length, int64 query_id)
{
	char	   *was = place->text;

	place->text = NULL;
	if (was)
		pfree(was);
	/* If there is no memory for the new text, the place stays empty. */
	was = MemoryContextAlloc(TopMemoryContext, length + 1);
	memcpy(was, text, length);
	place->text = was;
	place->length = length;
	place->known_in = cg_journal_generation();
	place->query_id = query_id;
}

static void
put_query(CgReads *reads)
{
	char	   *text;
	bool		known;

	text = cg_statement_normalise(reads->query, cg_journal_key(), &reads->query_id);
	reads->has_query_id = true;
	if (text == NULL)
		return;
	if (known_queries && (hash_get_num_entries(known_queries) >= KNOWN_QUERIES_MAX ||
						  known_in != cg_journal_generation()))
	{
		hash_destroy(known_queries);
		known_queries = NULL;
	}
	if (known_queries == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(int64), .entrysize = sizeof(int64)};

		known_in = cg_journal_generation();
		known_queries = hash_create("contact_guard queries", 64, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	(void) hash_search(known_queries, &reads->query_id, HASH_ENTER, &known);
	if (!known)
		cg_record_put_query(cg_messages_buffer(), reads->query_id, text);
}

/* As for a bulk read: one record before the first row leaves, and one at the end. */
static bool
is_audit_due(const CgReads *reads, CgDue due)
{
	return reads->audited &&
		(!reads->audit_begun || (due == CG_DUE_END && rows_so_far(reads) > reads->audited_rows));
}

static uint64
rows_so_far(const CgReads *reads)
{
	return reads->audited_more + (reads->query->estate ? reads->query->estate->es_processed : 0);
}

static void
drain_audit(CgReads *reads)
{
	CgRecord	record = {
		.event = CG_EVENT_AUDIT_READ,
		.read_at = reads->audited_at,
		.relation = reads->audited,
		.count = (int64) (rows_so_far(reads) - reads->audited_rows),
		.closed_at = CG_NO_TIME,
	};

	cg_messages_put(&record);
	reads->audited_rows = rows_so_far(reads);
	reads->audit_begun = true;
}

bool
cg_readrecords_owes(const CgReads *reads)
{
	return reads->dirty || reads->held || has_counts(reads, CG_DUE_ANSWER);
}

/*
 * The number of counted rows is known at the end, but a record must exist before the
 * first row leaves.  So there may be two records, whose counts are added up.
 */
static bool
is_due(const ReadRelation *relation, CgDue due)
{
	return relation->uncounted > 0 &&
		(due == CG_DUE_END || (!relation->begun && (relation->permission.bulk || due == CG_DUE_ANSWER)));
}

static bool
has_counts(const CgReads *reads, CgDue due)
{
	ListCell   *lc;

	if (is_audit_due(reads, due))
		return true;
	foreach(lc, reads->relations)
	{
		const ReadRelation *relation = lfirst(lc);

		if (relation->looked_up != 0 || relation->compared != 0 || relation->checked != 0 ||
			(relation->roll && cg_roll_owes(relation->roll)) ||
			owes_search(relation, due) ||
			is_due(relation, due))
			return true;
	}
	return false;
}

static void
put_context(const CgReads *reads)
{
	CgRecordContext context = {
		.actor = reads->actor.name,
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = cg_forward_application(),
		.identity = reads->actor.identity,
		.statement = reads->statement,
		.query_id = reads->query_id,
	};

	cg_record_put_context(cg_messages_buffer(), &context);
}

/* names: room for CG_COLUMNS_MAX of them, which the record then has. */
static void
name_columns(const ReadRelation *relation, CgRecord *record, const char **names, uint64 columns)
{
	record->relation = relation->names.relation;
	record->columns = names;
	record->ncolumns = 0;
	for (int i = 0; i < relation->names.ncolumns; i++)
		if ((columns & UINT64CONST(1) << i) != 0)
			names[record->ncolumns++] = relation->names.columns[i];
}

static void
put_record(const ReadRelation *relation, CgRecord *record, uint64 columns)
{
	const char *names[CG_COLUMNS_MAX];

	name_columns(relation, record, names, columns);
	cg_messages_put(record);
}

/* verdict: 0 withheld, 1 shown */
static void
drain_verdict(Read *read, int verdict)
{
	const CgPermission *permission = &read->relation->permission;
	bool		own = verdict && !permission->granted && read->own && read->intervention[1] == NULL;
	CgRecord	record = {
		.event = verdict ? CG_EVENT_SHOWN : CG_EVENT_WITHHELD,
		.read_at = read->read_at[verdict],
		.customer = read->customer ? cg_record_customer(read->customer) : NULL,
		.count = 1,
		.intervention = read->intervention[verdict],
		.closed_at = verdict ? CG_NO_TIME : read->closed_at,
		.purpose = permission->granted ? permission->purpose : verdict && !own ? read->relation->purpose : NULL,
		.reason = own ? CG_REASON_OWN : verdict ? permission->reason : read->reason,
	};

	if (verdict && !permission->granted)
		record.window = read->window;

	if (read->fresh[verdict] != 0)
		put_record(read->relation, &record, read->fresh[verdict]);
	read->fresh[verdict] = 0;
}

static void
drain_withheld(Read *read)
{
	drain_verdict(read, 0);
}

typedef struct RollTarget
{
	const CgReads *reads;
	const ReadRelation *relation;
	const ReadSearch *search;	/* put_searched: of which */
} RollTarget;

static void
put_roll_set(void *arg, uint64 columns, const CgRecordSet *set)
{
	const RollTarget *target = arg;
	CgRecord	like = {
		.event = CG_EVENT_SHOWN,
		.purpose = target->relation->permission.purpose,
		.reason = target->relation->permission.reason,
	};
	const char *names[CG_COLUMNS_MAX];

	name_columns(target->relation, &like, names, columns);
	cg_messages_put_set(&like, set);
	write_if_much(target->reads);
}

static void
write_if_much(const CgReads *reads)
{
	if (cg_messages_are_many())
	{
		cg_messages_write();
		put_context(reads);
	}
}

static void
drain_look_up(ReadRelation *relation)
{
	CgRecord	record = {
		.event = CG_EVENT_LOOKUP,
		.read_at = relation->looked_up_at,
		.closed_at = CG_NO_TIME,
		.purpose = relation->permission.purpose,
		.reason = relation->permission.reason,
	};

	if (relation->looked_up != 0)
		put_record(relation, &record, relation->looked_up);
	record.purpose = NULL;
	record.reason = CG_REASON_COMPARED;
	if (relation->compared != 0)
		put_record(relation, &record, relation->compared);
	record.reason = CG_REASON_CHECKED;
	if (relation->checked != 0)
		put_record(relation, &record, relation->checked);
	relation->looked_up = relation->compared = relation->checked = 0;
}

static void
put_searched(void *arg, const char *customer, int64 count)
{
	const RollTarget *target = arg;
	const CgPermission *permission = &target->relation->permission;
	CgRecord	record = {
		.event = CG_EVENT_SEARCHED,
		.read_at = target->search->searched_at,
		.customer = customer ? cg_record_customer(customer) : NULL,
		.count = count,
		.closed_at = CG_NO_TIME,
		.purpose = permission->purpose,
		.reason = permission->reason,
	};

	put_record(target->relation, &record, target->search->columns);
}

static bool
owes_search(const ReadRelation *relation, CgDue due)
{
	ListCell   *lc;

	foreach(lc, relation->searches)
	{
		if (cg_searched_owes(((ReadSearch *) lfirst(lc))->searched, due))
			return true;
	}
	return false;
}

static void
drain_searches(const CgReads *reads, const ReadRelation *relation, CgDue due)
{
	RollTarget	target = {reads, relation, NULL};
	ListCell   *lc;

	foreach(lc, relation->searches)
	{
		target.search = lfirst(lc);
		cg_searched_drain(target.search->searched, due, put_searched, &target);
	}
}

static void
drain_counts(ReadRelation *relation, CgDue due)
{
	CgRecord	record = {
		.event = relation->permission.bulk ? CG_EVENT_BULK : CG_EVENT_WITHHELD,
		.read_at = relation->read_at,
		.count = relation->uncounted,
		.closed_at = CG_NO_TIME,
		.purpose = relation->permission.purpose,
		.reason = relation->permission.granted ? relation->permission.reason :
			relation->reason ? relation->reason : CG_REASON_NO_WINDOW,
	};

	if (!is_due(relation, due))
		return;
	put_record(relation, &record, relation->columns);
	relation->uncounted = 0;
	relation->begun = true;
}

void
cg_readrecords_drain(CgReads *reads, CgDue due)
{
	bool		with_held = due != CG_DUE_SHOWN && reads->held;
	ListCell   *lc;

	if (reads->dirty == NULL && !with_held && !has_counts(reads, due))
		return;
	put_context(reads);
	if (is_audit_due(reads, due))
		drain_audit(reads);
	foreach(lc, reads->relations)
		drain_look_up(lfirst(lc));
	while (reads->dirty)
	{
		Read	   *read = reads->dirty;

		drain_verdict(read, 1);
		read->dirty = false;
		reads->dirty = read->next_dirty;
		if (reads->dirty == NULL)
			reads->dirty_end = &reads->dirty;
		write_if_much(reads);
	}
	foreach(lc, reads->relations)
	{
		RollTarget	target = {reads, lfirst(lc), NULL};

		if (target.relation->roll)
			cg_roll_drain(target.relation->roll, put_roll_set, &target);
		drain_searches(reads, target.relation, due);
	}
	if (with_held)
		cg_withheld_settle(reads, drain_withheld);
	foreach(lc, reads->relations)
		drain_counts(lfirst(lc), due);
}
