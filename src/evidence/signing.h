/*
 * signing.h
 *		Signs checkpoints, with keys in files or by a command.
 */
#ifndef CG_SIGNING_H
#define CG_SIGNING_H

#include "nodes/pg_list.h"

#include "common/note.h"

/* Is signing configured? */
extern bool cg_signing_configured(void);

/*
 * The keys, as a list of palloc'd CgNoteKey.  Keys in files have their seeds; otherwise
 * these are the verification keys of the command.  ERROR if a file cannot be read, can be
 * read by others, or does not contain a key.
 */
extern List *cg_signing_keys(void);

/*
 * The name under which this database signs by its settings, palloc'd, without the number of
 * an epoch: contact_guard.origin, or the first key's name and the database's.
 */
extern char *cg_signing_origin(List *keys);

/*
 * The verification keys in a setting, where commas separate them.  ERROR for an invalid
 * one.  name: the setting's name, for the message.
 */
extern List *cg_signing_parse_vkeys(const char *setting, const char *name, bool skip_unknown);

/* The verification key of a key, as text. */
extern char *cg_signing_vkey(const CgNoteKey *key);

/* Parses a signed note; note points into text.  False if it is not a checkpoint. */
extern bool cg_signing_parse_checkpoint(const char *text, CgNote *note, CgCheckpoint *checkpoint);

/* Signs a text and returns the signature lines.  ERROR if no key has signed it. */
extern char *cg_signing_sign(const char *text, List *keys);

#endif							/* CG_SIGNING_H */
