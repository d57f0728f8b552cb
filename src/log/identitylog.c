/*
 * identitylog.c
 *		The keys that verify tokens, in the log.
 *
 * Whoever can write the file of keys can name any actor.  So each log says by which keys
 * tokens were verified, with their thumbprints (RFC 7638), which the identity provider knows.
 * The set is said anew in each run of the server, since the file may have been another one
 * meanwhile.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/guc.h"
#include "base/identitykeys.h"
#include "base/shared.h"
#include "log/apply.h"
#include "log/identitylog.h"

void
cg_identitylog_tell(void)
{
	uint64		generation = cg_identitykeys_generation();
	CgDatabase *database = cg_shared_own();
	const CgJwks *keys;

	/* Nobody else writes the field. */
	if (cg_identity == CG_IDENTITY_OFF || database == NULL || database->identity_told == generation)
		return;
	keys = cg_identitykeys_get();
	if (keys || database->identity_told != 0)
	{
		cg_apply_begin();
		cg_apply_own_record(CG_EVENT_KEY, keys ? psprintf("tokens are verified by %s", cg_identitykeys_names(keys)) :
							"no key verifies tokens any more");
		cg_apply_commit(InvalidXLogRecPtr);
		database->identity_told = generation;
	}
}
