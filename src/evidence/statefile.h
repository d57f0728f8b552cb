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

/* Replaces a file durably.  ERROR if that fails; then the old file is still there. */
extern void cg_statefile_write(const char *path, const char *text);

/*
 * Takes the lock of a file, which every server that shares the directory takes before it
 * reads what was signed last and until it has written what it has signed: two servers that
 * sign at the same moment would both continue the same checkpoint, and each its own way.
 * Waits five seconds at most, then ERROR.  The lock ends with cg_statefile_unlock(), and at
 * the end of the transaction.
 */
extern int	cg_statefile_lock(const char *path);
extern void cg_statefile_unlock(int fd);

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
 * What the note of a checkpoint is in its state file: with one more line, which says whose it
 * is, by the system identifier of the cluster and the OID of the database, and which number
 * the log's name has.  palloc'd.
 */
extern char *cg_statefile_owned(const char *note, int number);

/* What the files say of the later names of an origin. */
typedef struct CgLaterNames
{
	int			newest;			/* the highest number of a name that is proved to be this log's */
	char		mark[CG_STATEFILE_MARK + 1];	/* of that name */
	int			highest;		/* the highest number that has a file: those up to it are not free */
	int			unproved;		/* the highest number with a file that does not say whose it is; 0: none */
} CgLaterNames;

/*
 * Looks for files of this origin with a number above the one given.  A file is this log's, or
 * that of a database that had its name before it, if its line says the number that its name
 * has: a log whose first name looks like a later name of this one is number 1.  Without such
 * files newest and highest are the number given.
 */
extern void cg_statefile_find_later(const char *origin, int number, const char *mark, CgLaterNames *later);

/* Puts a new mark there, which no other server makes. */
extern void cg_statefile_make_mark(char *mark);

#endif							/* CG_STATEFILE_H */
