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

/* Hexadecimal digits of a mark. */
#define CG_STATEFILE_MARK 8

/*
 * The name of a log's checkpoints: the origin, and from number 2 on the number behind it,
 * and a mark behind that unless it is ""; palloc'd.
 */
extern char *cg_statefile_numbered(const char *origin, int number, const char *mark);

/* The last checkpoint that was signed under this name here; NULL if there is none. */
extern char *cg_statefile_read_checkpoint(const char *origin, int number, const char *mark);

/*
 * Puts the highest number with which names of this origin have a checkpoint here, and the
 * mark of that name, in place of the two, if that number is higher.  The mark has room for
 * CG_STATEFILE_MARK bytes and a NUL.
 */
extern void cg_statefile_find_newest(const char *origin, int *number, char *mark);

/* Puts a new mark there, which no other server makes. */
extern void cg_statefile_make_mark(char *mark);

#endif							/* CG_STATEFILE_H */
