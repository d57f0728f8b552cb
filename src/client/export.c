/*
 * export.c
 *		contact-guard export: the tree as static files (c2sp.org/tlog-tiles).
 *
 *	checkpoint, tile/LEVEL/N, tile/LEVEL/N.p/WIDTH, tile/entries/N, tile/entries/N.p/WIDTH
 *
 * Full tiles never change: those that are there are not fetched again.  The checkpoint
 * comes last, when all that it needs is there.
 */
#include "export.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void export_level(Tiles *tiles, const char *folder, uint64_t size, int level);
static void export_tile(Tiles *tiles, const char *folder, int level, uint64_t n, int wanted);
static void make_folders(const char *path);

int
run_export(int argc, char **argv)
{
	static const struct option names[] = {
		{"vkey", required_argument, NULL, 'k'}, {"entries", no_argument, NULL, 'e'}, {0}
	};
	static Keys keys;
	PGconn	   *conn;
	const char *conninfo;
	const char *folder;
	char	   *text;
	CgNote		note;
	CgCheckpoint checkpoint;
	Tiles	   *tiles;
	const char *wrong;
	bool		good;
	bool		entries = false;
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'k')
			keys_add(&keys, optarg);
		else if (c == 'e')
			entries = true;
		else
			return EXIT_UNCHECKED;
	}
	if (argc - optind < 1 || argc - optind > 2)
		fail(EXIT_UNCHECKED, "export needs a folder, and at most a connection string before it");
	folder = argv[argc - 1];
	conninfo = argc - optind == 2 ? argv[optind] : NULL;
	conn = server_connect(conninfo);
	if (keys.count == 0)
		server_keys(conn, &keys);
	text = server_checkpoint(conn);
	wrong = keys_check(&keys, text, strlen(text), &note, &checkpoint);
	if (wrong != NULL)
		fail(EXIT_TAMPERED, "the server's checkpoint: %s", wrong);
	tiles = tiles_open(conn, &checkpoint, &good);
	if (!good)
		fail(EXIT_TAMPERED, "the stored tree has not the root that was signed");
	for (int level = 0; level < CG_TREE_LEVELS; level++)
		export_level(tiles, folder, checkpoint.size, level);
	if (entries)
		export_entries(conninfo, tiles, folder, checkpoint.size);
	progress_clear();
	export_file(file_path(folder, "checkpoint"), text, strlen(text));
	printf("%s: %llu rows exported\n", checkpoint.origin, (unsigned long long) checkpoint.size);
	PQfinish(conn);
	return EXIT_GOOD;
}

static void
export_level(Tiles *tiles, const char *folder, uint64_t size, int level)
{
	uint64_t	full = cg_tree_edge_tile(size, level);

	for (uint64_t n = 0; n < full; n++)
	{
		export_tile(tiles, folder, level, n, CG_TILE_WIDTH);
		progress_show((int64_t) n + 1, (int64_t) full);
	}
	if (cg_tree_edge_width(size, level) > 0)
		export_tile(tiles, folder, level, full, cg_tree_edge_width(size, level));
}

static void
export_tile(Tiles *tiles, const char *folder, int level, uint64_t n, int wanted)
{
	char		kind[16];
	char	   *path;
	int			width;
	bool		good;
	const uint8_t *hashes;

	snprintf(kind, sizeof(kind), "%d", level);
	path = export_path(folder, kind, n, wanted);
	if (file_exists(path))
	{
		free(path);
		return;
	}
	hashes = tiles_get(tiles, level, n, &width, &good);
	if (hashes == NULL || !good || width != wanted)
		fail(EXIT_TAMPERED, "tile %d/%llu of the stored tree is not the one that was signed", level,
			 (unsigned long long) n);
	export_file(path, hashes, (size_t) width * CG_HASH_LENGTH);
}

/* N in groups of three digits, all but the last after an "x". */
char *
export_path(const char *folder, const char *kind, uint64_t n, int width)
{
	char		groups[64] = "";
	char		name[128];

	do
	{
		char		rest[64];

		strcpy(rest, groups);
		snprintf(groups, sizeof(groups), "/%s%03llu%s", rest[0] == '\0' ? "" : "x",
				 (unsigned long long) (n % 1000), rest);
		n /= 1000;
	} while (n > 0);
	if (width < CG_TILE_WIDTH)
		snprintf(name, sizeof(name), "tile/%s%s.p/%d", kind, groups, width);
	else
		snprintf(name, sizeof(name), "tile/%s%s", kind, groups);
	return file_path(folder, name);
}

void
export_file(char *path, const void *data, size_t length)
{
	make_folders(path);
	file_write(path, data, length);
	free(path);
}

/* Those that a file's path needs. */
static void
make_folders(const char *path)
{
	char	   *copy = strdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			fail(EXIT_UNCHECKED, "could not create \"%s\": %s", copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
}
