/*
 * statefile.h
 *		Small files beside the signing key, outside the data directory.
 */
#ifndef CG_STATEFILE_H
#define CG_STATEFILE_H

#include "postgres.h"

/*
 * The path of a file of this name, in contact_guard.state_directory or in the directory of
 * the first signing key.  Different names have different files.  A file that version 1.0 has
 * made under its name for it is found.  ERROR if neither setting is set, or if it is in the
 * data directory.
 */
extern char *cg_statefile_path(const char *name);

/* Is the path in the data directory, also by links?  Then a backup contains the file. */
extern bool cg_statefile_in_data_directory(const char *path);

/* Replaces a file durably.  ERROR if that fails; then the old file is still there. */
extern void cg_statefile_write(const char *path, const char *text);

/* The file's contents, palloc'd; NULL if there is no such file.  ERROR if it cannot be read. */
extern char *cg_statefile_read(const char *path);

/*
 * The name of a log's checkpoints: the origin, and from new_epoch() on a number behind it;
 * palloc'd.
 */
extern char *cg_statefile_numbered(const char *origin, int number);

/* The last checkpoint that was signed under this name here; NULL if there is none. */
extern char *cg_statefile_read_checkpoint(const char *origin, int number);

#endif							/* CG_STATEFILE_H */
