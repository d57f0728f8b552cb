/*
 * windowspare.c
 *		UPDATEs that cannot move a window, and so need not call note_window() for each row.
 *
 * Whatever an AFTER ROW trigger does, PostgreSQL fetches the row as it was, keeps an event for
 * it, and fetches both rows again at the end of the statement.  So an UPDATE in bulk of a column
 * that no window depends on took half as long again.  UPDATE OF in the trigger's definition
 * is no way out, since BEFORE triggers may change other columns.
 *
 * But when an execution has started, all is known that can change a column: those that the UPDATE
 * names, BEFORE ROW triggers, generated columns, and the way to another partition, which is a
 * DELETE and an INSERT.  If there are only the first, and no question for windows reads one of
 * them, our trigger is taken out of this execution.  The triggers of an execution are its
 * own copy; nothing else sees the change.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "base/objects.h"
#include "policy/windowspare.h"
#include "policy/windowtrigger.h"

static bool changes_named_only(const ResultRelInfo *info);
static bool has_trigger(const TriggerDesc *triggers, Oid function);
static void take_trigger_out(TriggerDesc *triggers, Oid function);
static void spare_relation(ResultRelInfo *info, EState *estate);

static bool
changes_named_only(const ResultRelInfo *info)
{
	Relation	rel = info->ri_RelationDesc;

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relispartition ||
		info->ri_TrigDesc->trig_update_before_row)
		return false;
	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
		if (TupleDescAttr(RelationGetDescr(rel), i)->attgenerated != '\0')
			return false;
	return true;
}

/* Without a function: may one of them be ours? */
static bool
has_trigger(const TriggerDesc *triggers, Oid function)
{
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (OidIsValid(function) ? trigger->tgfoid == function :
			trigger->tgenabled == TRIGGER_FIRES_ALWAYS && TRIGGER_FOR_UPDATE(trigger->tgtype))
			return true;
	}
	return false;
}

static void
take_trigger_out(TriggerDesc *triggers, Oid function)
{
	triggers->trig_update_after_row = false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == function)
			trigger->tgenabled = TRIGGER_DISABLED;
		else if (TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_UPDATE))
			triggers->trig_update_after_row = true;
	}
}

static void
spare_relation(ResultRelInfo *info, EState *estate)
{
	TriggerDesc *triggers = info->ri_TrigDesc;
	Oid			function;

	if (triggers == NULL || !triggers->trig_update_after_row || !has_trigger(triggers, InvalidOid) ||
		!changes_named_only(info))
		return;
	function = cg_objects_function_if_there(CG_WINDOWTRIGGER_FUNCTION);
	if (OidIsValid(function) && has_trigger(triggers, function) &&
		!cg_windowtrigger_can_move(info->ri_RelationDesc, ExecGetUpdatedCols(info, estate)))
		take_trigger_out(triggers, function);
}

void
cg_windowspare_start(QueryDesc *query)
{
	ModifyTableState *state = (ModifyTableState *) query->planstate;

	if (query->operation != CMD_UPDATE || state == NULL || !IsA(state, ModifyTableState) ||
		state->operation != CMD_UPDATE)
		return;
	for (int i = 0; i < state->mt_nrels; i++)
		spare_relation(&state->resultRelInfo[i], query->estate);
}
