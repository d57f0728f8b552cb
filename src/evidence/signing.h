/*
 * signing.h
 *		Who signs checkpoints: keys in files, or a command.
 */
#ifndef CG_SIGNING_H
#define CG_SIGNING_H

#include "nodes/pg_list.h"

#include "common/note.h"

/* Is signing configured? */
extern bool cg_signing_configured(void);

/*
 * The keys, palloc'd CgNoteKey: with their seeds where they are in files, else the
 * verification keys of the command.  ERROR if a file cannot be read, may be read
 * by others, or holds no key.
 */
extern List *cg_signing_keys(void);

/* Keys of a setting: verification keys, separated by commas.  ERROR for a bad one. */
extern List *cg_signing_parse_vkeys(const char *setting, const char *name);

/* The verification key of a key, as text. */
extern char *cg_signing_vkey(const CgNoteKey *key);

/* A signed note that is a checkpoint; note points into text.  False if it is none. */
extern bool cg_signing_parse_checkpoint(const char *text, CgNote *note, CgCheckpoint *checkpoint);

/*
 * The signature lines of a text.  ERROR if there is none that the keys say is
 * good.
 */
extern char *cg_signing_sign(const char *text, List *keys);

#endif							/* CG_SIGNING_H */
