/*
 * datadir.h
 *		Files that must not be in the data directory.
 */
#ifndef CG_DATADIR_H
#define CG_DATADIR_H

/*
 * Is the file in the data directory, or would it be?  Symbolic links are followed.  A base backup
 * has what is there, and whoever has the backup.
 */
extern bool cg_datadir_has(const char *path);

#endif							/* CG_DATADIR_H */
