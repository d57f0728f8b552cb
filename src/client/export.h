/*
 * export.h
 *		contact-guard export: the rows of the log beside the tiles.
 */
#ifndef CG_EXPORT_H
#define CG_EXPORT_H

#include "client.h"

/*
 * Writes the bundles of the first size rows that are not there yet, each row
 * compared with the tree.  Ends the program at one that is not what was logged; says
 * how many bundles were left out because rows of theirs were purged.
 */
extern void export_entries(const char *conninfo, Tiles *tiles, const char *folder, uint64_t size);

#endif							/* CG_EXPORT_H */
