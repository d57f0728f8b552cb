/*
 * status.c
 *		status().
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "replication/slot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/names.h"
#include "base/objects.h"
#include "base/ownreplica.h"
#include "base/owncommand.h"
#include "base/result.h"
#include "base/shared.h"
#include "journal/emitters.h"
#include "journal/forward.h"
#include "journal/journal.h"
#include "journal/journalstate.h"
#include "journal/space.h"
#include "log/troubles.h"
#include "policy/definition.h"
#include "policy/inherit.h"
#include "policy/interventions.h"
#include "policy/labels.h"
#include "policy/offences.h"
#include "policy/permission.h"
#include "policy/policy.h"
#include "policy/trust.h"
#include "policy/trustlabel.h"
#include "policy/verdict.h"
#include "policy/watched.h"
#include "read/execution.h"
#include "relay/gateway.h"

PG_FUNCTION_INFO_V1(cg_status);

/* A problem that a relation shares with its children */
typedef struct Folded
{
	Oid			top;			/* of the tree */
	CgOffence  *offence;		/* of the first relation */
	List	   *relids;
} Folded;

static List *fold(List *found, Oid top, CgOffence *offence);
static List *problems(void);
static List *proposals(void);

/*
 * Adds the functions that definitions of a protected relation and its descendants call
 * and must not call.  If several relations of a tree call the same one, it is one problem.
 */
static List *
add_offences(List *found, Oid relid)
{
	List	   *ancestors = cg_inherit_ancestors(relid);
	Oid			top = ancestors == NIL ? relid : llast_oid(ancestors);
	ListCell   *lc;
	ListCell   *lo;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		foreach(lo, cg_definition_offences(lfirst_oid(lc)))
			found = fold(found, top, lfirst(lo));
	return found;
}

static List *
fold(List *found, Oid top, CgOffence *offence)
{
	Folded	   *folded = NULL;
	ListCell   *lc;

	foreach(lc, found)
	{
		Folded	   *other = lfirst(lc);

		if (other->top == top && other->offence->function == offence->function &&
			strcmp(other->offence->what, offence->what) == 0)
			folded = other;
	}
	if (folded == NULL)
	{
		folded = palloc0(sizeof(Folded));
		folded->top = top;
		folded->offence = offence;
		found = lappend(found, folded);
	}
	/* A child may have a label of its own. */
	folded->relids = list_append_unique_oid(folded->relids, offence->relid);
	return found;
}

static List *
add_unvalidated(List *texts, Oid relid)
{
	ListCell   *lc;
	ListCell   *lo;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		foreach(lo, cg_definition_unvalidated(lfirst_oid(lc)))
		{
			ListCell   *other;
			bool		found = false;

			/* A child may have a label of its own. */
			foreach(other, texts)
				found |= strcmp(lfirst(other), lfirst(lo)) == 0;
			if (!found)
				texts = lappend(texts, lfirst(lo));
		}
	return texts;
}

/* The problems of policies, as a list of texts. */
static List *
problems(void)
{
	List	   *result = NIL;
	List	   *asked = NIL;
	List	   *found = NIL;
	bool		has_policy = false;
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));

		has_policy |= policy != NULL;
		if (policy && policy->broken)
			result = lappend(result, psprintf("relation %s: %s", get_rel_name(policy->relid),
											  policy->broken));
		found = add_offences(found, lfirst_oid(lc));
		result = add_unvalidated(result, lfirst_oid(lc));
	}
	foreach(lc, found)
	{
		Folded	   *folded = lfirst(lc);

		result = lappend(result, cg_offences_problem(folded->offence, list_length(folded->relids) - 1));
	}
	foreach(lc, cg_trust_functions())
		if (cg_trust_is_void(lfirst_oid(lc)))
			result = lappend(result, psprintf("function %s: its definition is not the one that was trusted, and the trust is void: %s",
											  cg_names_function(lfirst_oid(lc)), cg_trustlabel_mend(lfirst_oid(lc))));
	if (cg_permission_count_void() > 0)
		result = lappend(result, psprintf("%d rows of contact_guard.permission are void: their roles lack the privilege that contact_guard.allow() grants",
										  cg_permission_count_void()));
	foreach(lc, cg_interventions_list())
	{
		CgInterventions *interventions = lfirst(lc);

		/* cg_verdict_problem may change this list, so it is called below. */
		if (!interventions->broken)
			asked = lappend_oid(asked, interventions->relid);
		else
			result = lappend(result, psprintf("interventions relation %s: %s",
											  get_rel_name(interventions->relid), interventions->broken));
	}
	foreach(lc, asked)
	{
		char	   *problem = cg_verdict_problem(lfirst_oid(lc));

		if (problem)
			result = lappend(result, psprintf("interventions relation %s: %s",
											  get_rel_name(lfirst_oid(lc)), problem));
	}
	foreach(lc, cg_watched_list())
	{
		ListCell   *lp;

		foreach(lp, cg_watched_problems(lfirst_oid(lc)))
			result = lappend(result, psprintf("interventions relation %s: changes of its windows are not recorded: %s",
											  get_rel_name(lfirst_oid(lc)), (char *) lfirst(lp)));
	}
	/* Interventions can also be opened by a function; was that ever done? */
	if (has_policy && list_length(cg_interventions_list()) <= 1 &&
		!cg_owncommand_finds("SELECT FROM contact_guard.intervention", 0, NULL, NULL))
		result = lappend(result, "no window can open: no interventions relation is named, and no intervention was opened by call: see contact_guard.use_interventions() and contact_guard.open_intervention()");
	result = list_concat(result, cg_gateway_problems());
	return list_concat(result, cg_ownreplica_problems());
}

/* What an admin may want to do, as a list of texts. */
static List *
proposals(void)
{
	char	   *of_journal = cg_emitters_proposal();
	List	   *result = of_journal ? list_make1(of_journal) : NIL;
	ListCell   *lc;

	foreach(lc, cg_watched_missing())
		result = lappend(result, psprintf("changes of the windows of %s are not recorded: name it again, with watch => 'trigger', by contact_guard.use_interventions()",
										  cg_names_relation(lfirst_oid(lc))));
	return result;
}

static Datum
problem_array(List *texts)
{
	Datum	   *datums = palloc(sizeof(Datum) * (list_length(texts) + 1));
	int			count = 0;
	ListCell   *lc;

	foreach(lc, texts)
		datums[count++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(datums, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* What the launcher of a standby does.  The caller holds the lock. */
static void
describe_standby(char *recorder, size_t length)
{
	if (cg_shared->launcher == 0)
		strlcpy(recorder, "standby: no launcher", length);
	else if (wal_level < WAL_LEVEL_REPLICA || max_replication_slots == 0)
		strlcpy(recorder, "standby: no WAL is kept for a promotion, set wal_level and max_replication_slots", length);
	else if (!cg_shared->slot_ready)
		snprintf(recorder, length, "standby: no WAL is kept for a promotion: %s",
				 cg_shared->error[0] != '\0' ? cg_shared->error : "the launcher has begun only now");
	else
		snprintf(recorder, length, "standby: WAL is kept from %X/%X%s%s", LSN_FORMAT_ARGS(cg_shared->slot_position),
				 cg_shared->slot_trouble[0] != '\0' ? "; the slot does not move: " : "", cg_shared->slot_trouble);
}

/*
 * Copies the entry of shared memory, and describes the recorder.  False if this database
 * has no entry.
 */
static bool
look(CgDatabase *database, char *recorder, size_t length)
{
	CgDatabase *shared;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	shared = cg_shared_database(MyDatabaseId, false);
	if (shared)
		*database = *shared;
	if (RecoveryInProgress())
		describe_standby(recorder, length);
	else if (cg_shared->error[0] != '\0')
		snprintf(recorder, length, "no slot: %s", cg_shared->error);
	else if (cg_shared->launcher == 0)
		strlcpy(recorder, "no launcher", length);
	else if (shared && shared->recorder != 0 && cg_space_is_short())
		strlcpy(recorder, "paused: the disk of the write-ahead log is full", length);
	else if (shared && shared->error[0] != '\0')
		snprintf(recorder, length, "failed while %s", shared->error);
	else
		strlcpy(recorder, shared && shared->recorder != 0 ? "running" : "idle", length);
	LWLockRelease(cg_shared->lock);
	return shared != NULL;
}

/* The tables have another version and are not read, so the other columns are null. */
static Datum
status_of_other_version(TupleDesc desc)
{
	CgResultColumn columns[] = {
		{"guard", TEXTOID, CStringGetTextDatum("refusing: ALTER EXTENSION contact_guard UPDATE or a restart is missing")},
		{"problems", TEXTARRAYOID, problem_array(list_make1(cg_objectextension_version_problem()))},
	};

	return cg_result_row(desc, columns, lengthof(columns));
}

/* Reads a column of the newest checkpoint.  False if there is no checkpoint. */
static bool
last_checkpoint(const char *column, Oid type, Datum *result)
{
	return cg_owncommand_select(psprintf("SELECT %s FROM contact_guard.signed_checkpoint ORDER BY size DESC, signed_at DESC LIMIT 1", column),
							   0, NULL, NULL, type, result);
}

Datum
cg_status(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	CgJournalState state;
	CgDatabase	database = {0};
	XLogRecPtr	written;
	int64		lag;
	char		recorder[2 * CG_ERROR_LENGTH];
	Datum		size = (Datum) 0;
	Datum		signed_at = (Datum) 0;
	bool		has_size;
	bool		has_time;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	cg_shared_require();
	if (cg_objects_is_other_version())
		PG_RETURN_DATUM(status_of_other_version(desc));
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	(void) look(&database, recorder, sizeof(recorder));
	written = pg_atomic_read_u64(&database.written);
	lag = pg_atomic_read_u64(&database.written_bytes) - pg_atomic_read_u64(&database.recorded_bytes);
	has_size = last_checkpoint("size", INT8OID, &size);
	has_time = last_checkpoint("signed_at", TIMESTAMPTZOID, &signed_at);
	{
		CgResultColumn columns[] = {
			{"guard", TEXTOID, CStringGetTextDatum(cg_forward_is_on() ? "forwarding: this is a standby" :
													  RecoveryInProgress() ? "withholding: this is a standby" : "on")},
			{"durability", TEXTOID, CStringGetTextDatum(cg_guc_durability_name())},
			{"recorder", TEXTOID, CStringGetTextDatum(recorder)},
			{"journal_lsn", PG_LSNOID, LSNGetDatum(written), XLogRecPtrIsInvalid(written)},
			{"recorded_lsn", PG_LSNOID, LSNGetDatum(state.position), XLogRecPtrIsInvalid(state.position)},
			{"lag_bytes", INT8OID, Int64GetDatum(lag)},
			{"log_size", INT8OID, Int64GetDatum(state.log_size)},
			{"epoch", INT4OID, Int32GetDatum(state.epoch)},
			{"rejected_messages", INT8OID, Int64GetDatum(state.rejected)},
			{"problems", TEXTARRAYOID,
			problem_array(list_concat(cg_troubles_list(&state, &database, has_time ? DatumGetTimestampTz(signed_at) : 0),
									  problems()))},
			{"last_checkpoint", INT8OID, size, !has_size},
			{"last_checkpoint_at", TIMESTAMPTZOID, signed_at, !has_time},
			{"proposals", TEXTARRAYOID, problem_array(proposals())},
		};

		PG_RETURN_DATUM(cg_result_row(desc, columns, lengthof(columns)));
	}
}
