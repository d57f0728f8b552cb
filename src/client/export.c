/*
 * export.c
 *		contact-guard export: the tree as static files (c2sp.org/tlog-tiles).
 *
 *	checkpoint, tile/LEVEL/N, tile/LEVEL/N.p/WIDTH, tile/entries/N, tile/entries/N.p/WIDTH
 *
 * Full tiles never change, so existing files are not fetched again.  The checkpoint is
 * written last, when all files that it needs are there.
 */
#include "export.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static void export_level(Tiles *tiles, const char *folder, uint64_t size, int level);
static void export_tile(Tiles *tiles, const char *folder, int level, uint64_t n, int wanted);

int
run_export(int argc, char **argv)
{
	static const struct option names[] = {
		{"vkey", required_argument, NULL, 'k'}, {"entries", no_argument, NULL, 'e'},
		SERVER_OPTIONS, {0}
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
		else if (!server_option(c, optarg))
			return EXIT_UNCHECKED;
	}
	if (argc - optind < 1 || argc - optind > 2)
		fail(EXIT_UNCHECKED, "export needs a folder, and at most a connection string before it");
	folder = argv[argc - 1];
	conninfo = argc - optind == 2 ? argv[optind] : NULL;
	conn = server_connect(conninfo);
	if (keys_empty(&keys))
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
	file_write_below(file_path(folder, "checkpoint"), text, strlen(text));
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
	path = file_tile_path(folder, kind, n, wanted);
	if (file_exists(path))
	{
		free(path);
		return;
	}
	hashes = tiles_get(tiles, level, n, &width, &good);
	if (hashes == NULL || !good || width != wanted)
		fail(EXIT_TAMPERED, "tile %d/%llu of the stored tree is not the one that was signed", level,
			 (unsigned long long) n);
	file_write_below(path, hashes, (size_t) width * CG_HASH_LENGTH);
}
