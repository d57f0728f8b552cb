/*
 * export.h
 *		contact-guard export: what its two files share.
 */
#ifndef CG_EXPORT_H
#define CG_EXPORT_H

#include "client.h"

/* "tile/KIND/N" in the folder, or its partial one; kind: a level, or "entries".  malloc'd. */
extern char *export_path(const char *folder, const char *kind, uint64_t n, int width);

/* Writes the file, and its folders; frees path. */
extern void export_file(char *path, const void *data, size_t length);

/*
 * Writes the bundles of the first size rows that are not there yet, each row
 * compared with the tree.  Ends the program at one that is not what was logged; says
 * how many bundles were left out because rows of theirs were purged.
 */
extern void export_entries(const char *conninfo, Tiles *tiles, const char *folder, uint64_t size);

#endif							/* CG_EXPORT_H */
