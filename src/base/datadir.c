/*
 * datadir.c
 *		Files that must not be in the data directory: see datadir.h.
 */
#include "postgres.h"

#include <limits.h>
#include <stdlib.h>

#include "miscadmin.h"

#include "base/datadir.h"

bool
cg_datadir_has(const char *path)
{
	char		real[PATH_MAX];
	char		data[PATH_MAX];

	if (realpath(path, real) == NULL)
		strlcpy(real, path, sizeof(real));
	if (realpath(DataDir, data) == NULL)
		strlcpy(data, DataDir, sizeof(data));
	return path_is_prefix_of_path(data, real) || path_is_prefix_of_path(DataDir, real);
}
