/*
 * emitters.c
 *		Who may write logical messages, which the journal consists of.
 *
 * PostgreSQL lets everybody call pg_logical_emit_message().  Such a message has no seal of
 * ours and is rejected; but somebody who has got the journal's key needs nothing else to
 * forge a record.  Applications may need the function, so nothing is revoked here: it is
 * proposed.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/regproc.h"

#include "compat.h"
#include "journal/emitters.h"

/* For texts and for bytes.  Their names in fmgroids.h depend on the version, their OIDs do not. */
static const Oid emitters[] = {3577, 3578};

char *
cg_emitters_proposal(void)
{
	StringInfoData command;
	int			found = 0;

	initStringInfo(&command);
	for (int i = 0; i < lengthof(emitters); i++)
	{
		if (object_aclcheck(ProcedureRelationId, emitters[i], ACL_ID_PUBLIC, ACL_EXECUTE) != ACLCHECK_OK)
			continue;
		appendStringInfo(&command, "%s%s", found++ == 0 ? "REVOKE EXECUTE ON FUNCTION " : ", ",
						 format_procedure_qualified(emitters[i]));
	}
	appendStringInfoString(&command, " FROM PUBLIC");
	return found == 0 ? NULL : command.data;
}

void
cg_emitters_propose(void)
{
	char	   *command = cg_emitters_proposal();

	if (command != NULL)
		ereport(NOTICE,
				(errmsg("every role may write logical messages, and so try to forge records of contact_guard"),
				 errdetail("Such messages are rejected, unless somebody has got the key of the journal."),
				 errhint("If no application needs to write logical messages: %s", command)));
}
