/*
 * quiet.c
 *		Messages of code that has processed stored values.
 *
 * Code that converts, parses or looks up a value may quote it: in its message, its
 * CONTEXT (jsonb) or a WARNING (xml).  So only messages pass whose class or source is
 * known to quote no value, and messages that the author of a function has written.
 */
#include "postgres.h"

#include "postgres_ext.h"
#include "utils/memutils.h"

#include "base/refused.h"
#include "policy/quiet.h"

/* Classes whose messages name objects and limits, but no values. */
static const char *const mute[] = {"21", "23", "25", "27", "40", "53", "55", "57", "P0"};

/* The C functions of RAISE; the last three are those of other languages. */
static const char *const speakers[] = {"exec_stmt_raise", "PLy_output", "do_util_elog", "pltcl_elog"};

/*
 * Source files that compute no expression and name only objects.  Files that input
 * functions use to look objects up are not among them.  The last line has our own files
 * that send notices.
 */
static const char *const sources[] = {
	"aclchk.c", "analyze.c", "cluster.c", "dependency.c", "heap.c", "index.c", "indexcmds.c",
	"parse_utilcmd.c", "pg_constraint.c", "rewriteDefine.c", "statscmds.c", "tablecmds.c", "trigger.c",
	"typecmds.c", "vacuum.c", "vacuumlazy.c",
	"actor.c", "apply.c", "census.c", "interventionfuncs.c", "reach.c", "reveal.c"
};

void		(*cg_quiet_require_door) (void) = NULL;

bool		cg_quiet_now = false;

static bool
is_among_names(const char *name, const char *const *names, int n)
{
	for (int i = 0; name && i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A quiet frame stays quiet: code inside of it may process the same values. */
void
cg_quiet_set(void)
{
	/* emit_log_hook does not see every notice, so the door checks them. */
	if (cg_quiet_require_door)
		cg_quiet_require_door();
	cg_quiet_now = true;
}

bool
cg_quiet_swallows(const char *body, size_t length)
{
	if (!cg_quiet_now)
		return false;
	for (size_t at = 0; at < length && body[at] != '\0'; at += 2 + strlen(body + at + 1))
	{
		const char *value = body + at + 1;

		if ((body[at] == PG_DIAG_SOURCE_FUNCTION && is_among_names(value, speakers, lengthof(speakers))) ||
			(body[at] == PG_DIAG_SOURCE_FILE && is_among_names(value, sources, lengthof(sources))))
			return false;
	}
	return true;
}

static bool
is_mute(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return true;
	for (int i = 0; i < lengthof(mute); i++)
		if (ERRCODE_TO_CATEGORY(sqlerrcode) ==
			ERRCODE_TO_CATEGORY(MAKE_SQLSTATE(mute[i][0], mute[i][1], '0', '0', '0')))
			return true;
	return false;
}

/*
 * Is the message our own, from a known source, or about a position in the statement's
 * text, which the client has sent?
 */
static bool
is_known(const ErrorData *error)
{
	return cg_refused_is_ours(error->funcname) || error->cursorpos > 0 ||
		is_among_names(error->funcname, speakers, lengthof(speakers)) ||
		is_among_names(error->filename, sources, lengthof(sources));
}

void
cg_quiet_replace_error(const char *message, const char *hint)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ErrorData  *error;

	if (is_mute(geterrcode()))
		return;
	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	if (!is_known(error))
	{
		ErrorData	told = *error;

		told.message = (char *) message;
		told.message_id = NULL;
		told.hint = (char *) hint;
		told.detail = told.detail_log = told.context = told.internalquery = NULL;
		told.cursorpos = told.internalpos = 0;
		FlushErrorState();
		/* Puts the error back on the stack, without calling context callbacks. */
		PG_TRY();
		{
			ReThrowError(&told);
		}
		PG_CATCH();
		{
		}
		PG_END_TRY();
	}
	FreeErrorData(error);
	MemoryContextSwitchTo(oldcontext);
}

bool
cg_quiet_has_detail(void)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *error = CopyErrorData();
	bool		result = error->detail != NULL;

	FreeErrorData(error);
	MemoryContextSwitchTo(oldcontext);
	return result;
}

void
cg_quiet_hide_parameters(void)
{
	int			code = geterrcode();

	if ((code == ERRCODE_NO_DATA_FOUND || code == ERRCODE_TOO_MANY_ROWS) && cg_quiet_has_detail())
		errdetail("Not shown: the parameters may be guarded values.");
	cg_quiet_replace_error("a function that is trusted with stored values has failed",
						   "The original message is not shown, since it may quote a stored value.");
}
