/*
 * identitykeys.h
 *		The public keys that verify tokens: the file of contact_guard.identity_keys.
 *
 * Sessions do not read the file.  Shared memory has its text as it was when it was last read
 * and good, and each session parses that.  So all sessions have the same keys, also those that
 * begin while the file is broken, and none reads a file that is half written.
 */
#ifndef CG_IDENTITYKEYS_H
#define CG_IDENTITYKEYS_H

#include "postgres.h"

#include "common/jwks.h"

/*
 * Reads the file, and takes it if it is good.  Says in the server log what it has found if
 * that is new.  Throws nothing.  For the launcher; and for the postmaster, when it makes the
 * shared memory.
 */
extern void cg_identitykeys_read(void);

/* Goes up when the keys change.  Takes no lock. */
extern uint64 cg_identitykeys_generation(void);

/*
 * The keys, or NULL if there are none.  Valid until the next call.  ERROR if the library is not
 * preloaded.
 */
extern const CgJwks *cg_identitykeys_get(void);

/* The names and thumbprints of keys, as one palloc'd text. */
extern char *cg_identitykeys_names(const CgJwks *set);

/* Why the file was not taken, palloc'd, or NULL. */
extern char *cg_identitykeys_trouble(void);

#endif							/* CG_IDENTITYKEYS_H */
