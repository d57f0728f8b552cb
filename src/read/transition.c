/*
 * transition.c
 *		Transition tables that show their stored values: those of a trusted trigger.
 *
 * Only the trigger's own statements can name its transition tables, since PostgreSQL
 * registers them with the SPI connection of the function.  But another trigger could open
 * a cursor over its own tables, and have a trusted function fetch from it.  So the call
 * that is under way when an execution begins is kept with it, for as long as its state is
 * there, and no other call shows it anything.
 */
#include "postgres.h"

#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "policy/gate.h"
#include "read/execution.h"
#include "read/transition.h"

/* An execution that began below a trusted function, in the memory of its state. */
typedef struct TrustedReader
{
	MemoryContextCallback callback;
	struct TrustedReader *next;
	const QueryDesc *query;
	uint64		call;
} TrustedReader;

static TrustedReader *trusted_readers = NULL;

static void forget_reader(void *arg);

void
cg_transition_note(QueryDesc *query)
{
	uint64		call = cg_gate_call();
	TrustedReader *reader;

	if (call == 0)
		return;
	reader = MemoryContextAllocZero(query->estate->es_query_cxt, sizeof(TrustedReader));
	reader->query = query;
	reader->call = call;
	reader->next = trusted_readers;
	trusted_readers = reader;
	reader->callback.func = forget_reader;
	reader->callback.arg = reader;
	MemoryContextRegisterResetCallback(query->estate->es_query_cxt, &reader->callback);
}

static void
forget_reader(void *arg)
{
	TrustedReader **link = &trusted_readers;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

bool
cg_transition_is_trusted(void)
{
	const QueryDesc *query = cg_execution_query();

	for (const TrustedReader *reader = trusted_readers; reader; reader = reader->next)
		if (reader->query == query)
			return reader->call == cg_gate_call();
	return false;
}
