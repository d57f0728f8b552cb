/*
 * refused.c
 *		Our errors that refuse something are recorded.
 *
 * The record is made where the error is raised, not where it is caught.  So an exception
 * handler of a procedural language, a savepoint or a client that goes away cannot prevent
 * it.  The report is complete then, and the stack is not unwound.  So catalogs can be
 * looked into, as the arguments of the ereport() could do.
 *
 * The report is set aside meanwhile, and is thrown even if the record fails.  An error
 * while the record is made needs no subtransaction of its own: the code that catches the
 * refusal has to abort one anyway.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/objects.h"
#include "base/owntables.h"
#include "base/refused.h"

/* The Makefile renames it for all sources, but here PostgreSQL's own is called. */
#undef errfinish
extern void errfinish(const char *filename, int lineno, const char *funcname);

/* The function that our latest message came from */
void		(*cg_refused_record) (const ErrorData *error, bool may_look) = NULL;

static const char *last_funcname = NULL;

/* Holds the copy of one error until it has been thrown again. */
static MemoryContext refused_context = NULL;

static bool is_refusal(int sqlerrcode);
static void try_to_note(const ErrorData *error, uint32 holdoff);
static void note_refusal(const ErrorData *error, uint32 holdoff);

static bool
is_refusal(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED ||
		sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
}

/* The pointers can be compared, since PostgreSQL keeps the pointer that it was given. */
bool
cg_refused_is_ours(const char *funcname)
{
	return funcname != NULL && funcname == last_funcname;
}

void
cg_refused_errfinish(const char *filename, int lineno, const char *funcname)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ErrorData  *error;

	last_funcname = funcname;
	if (!is_refusal(geterrcode()) || CritSectionCount > 0 || proc_exit_inprogress)
	{
		errfinish(filename, lineno, funcname);
		return;
	}
	if (refused_context == NULL)
		refused_context = AllocSetContextCreate(TopMemoryContext, "contact_guard refused error",
												ALLOCSET_SMALL_SIZES);
	MemoryContextReset(refused_context);
	MemoryContextSwitchTo(refused_context);
	error = CopyErrorData();
	if (error->elevel != ERROR && error->elevel != FATAL)
	{
		MemoryContextSwitchTo(oldcontext);
		errfinish(filename, lineno, funcname);
		return;
	}
	/* ThrowErrorData does not copy these, and an error may live long. */
	error->filename = filename;
	error->lineno = lineno;
	error->funcname = funcname;
	error->domain = PG_TEXTDOMAIN("postgres");
	FlushErrorState();
	try_to_note(error, InterruptHoldoffCount);
	MemoryContextSwitchTo(oldcontext);
	ThrowErrorData(error);
}

/*
 * Neither a cancel nor a timeout that the user has set may interrupt this.  And an error
 * must not end the session, as it would with exit_on_error.
 */
static void
try_to_note(const ErrorData *error, uint32 holdoff)
{
	MemoryContext work = AllocSetContextCreate(refused_context, "contact_guard refusal",
											   ALLOCSET_DEFAULT_SIZES);
	bool		exits = ExitOnAnyError;

	MemoryContextSwitchTo(work);
	ExitOnAnyError = false;
	HOLD_INTERRUPTS();
	PG_TRY();
	{
		note_refusal(error, holdoff);
	}
	PG_CATCH();
	{
		LWLockReleaseAll();
		MemoryContextSwitchTo(refused_context);
		FlushErrorState();
	}
	PG_END_TRY();
	/* An error that was caught meanwhile has set it to 0. */
	InterruptHoldoffCount = holdoff;
	ExitOnAnyError = exits;
	MemoryContextSwitchTo(refused_context);
	MemoryContextDelete(work);
}

/*
 * A process that holds an LWLock holds interrupts, too.  Such locks are released here,
 * since the error would release them anyway and the flush needs some of them itself.
 * Then no catalog is looked into, because its page may be the one that was locked.
 */
static void
note_refusal(const ErrorData *error, uint32 holdoff)
{
	bool		may_look = holdoff == 0 && IsTransactionState();

	if (cg_owntables_is_writing() || (may_look && !OidIsValid(cg_objects_schema())))
		return;
	if (holdoff > 0)
		LWLockReleaseAll();
	if (cg_refused_record)
		cg_refused_record(error, may_look);
}

int
cg_refused_relation(Oid relid, AttrNumber attnum)
{
	char	   *column = attnum == InvalidAttrNumber ? NULL : get_attname(relid, attnum, true);
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		return 0;
	err_generic_string(PG_DIAG_SCHEMA_NAME, get_namespace_name(get_rel_namespace(relid)));
	err_generic_string(PG_DIAG_TABLE_NAME, name);
	if (column)
		err_generic_string(PG_DIAG_COLUMN_NAME, column);
	return 0;
}
