/*
 * export.h
 *		contact-guard export: the rows of the log beside the tiles.
 */
#ifndef CG_EXPORT_H
#define CG_EXPORT_H

#include "client.h"

/*
 * Writes the missing bundles of the first size rows, and compares each row with the tree.
 * Ends the program if a row is not the one that was logged.  Prints how many bundles were
 * left out because some of their rows were purged.
 */
extern void export_entries(const char *conninfo, Tiles *tiles, const char *folder, uint64_t size);

#endif							/* CG_EXPORT_H */
