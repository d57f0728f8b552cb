/*
 * statefile.h
 *		Small files beside the signing key, outside the data directory.
 */
#ifndef CG_STATEFILE_H
#define CG_STATEFILE_H

#include "postgres.h"

/*
 * Where a file of this name is: contact_guard.state_directory, or the directory of
 * the first signing key.  ERROR if that is none, or in the data directory.
 */
extern char *cg_statefile_path(const char *name);

/* Is it there, by whatever links?  What is there comes back with a restored backup. */
extern bool cg_statefile_in_data_directory(const char *path);

/* Replaces a file, durably; ERROR if that fails, and then the old one is there. */
extern void cg_statefile_write(const char *path, const char *text);

/* Its contents, palloc'd; NULL if there is no such file.  ERROR if it cannot be read. */
extern char *cg_statefile_read(const char *path);

#endif							/* CG_STATEFILE_H */
