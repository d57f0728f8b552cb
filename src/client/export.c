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
#include <time.h>

#include "tlogpolicy.h"

static void continue_export(const char *folder, const Keys *keys, Tiles *tiles, const char *text,
							const CgCheckpoint *checkpoint);
static void export_level(Tiles *tiles, const char *folder, uint64_t size, int level);
static void export_tile(Tiles *tiles, const char *folder, int level, uint64_t n, int wanted);

int
run_export(int argc, char **argv)
{
	static const struct option names[] = {
		{"vkey", required_argument, NULL, 'k'}, {"policy", required_argument, NULL, 'p'}, {"entries", no_argument, NULL, 'e'},
		SERVER_OPTIONS, {0}
	};
	static Keys keys;
	static Policy policy;
	PGconn	   *conn;
	const char *conninfo;
	const char *folder;
	char	   *text;
	CgNote		note;
	CgCheckpoint checkpoint;
	Tiles	   *tiles;
	bool		good;
	bool		entries = false;
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'k')
			keys_add(&keys, optarg);
		else if (c == 'p')
			policy_read(&policy, &keys, optarg);
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
	text = policy_checkpoint(conn, &policy, &keys, 0, &note, &checkpoint);
	tiles = tiles_open(conn, &checkpoint, &good);
	if (!good)
		fail(EXIT_TAMPERED, "the stored tree has not the root that was signed");
	continue_export(folder, &keys, tiles, text, &checkpoint);
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

/*
 * What was exported before must belong to the past of this log: then its tiles are right for
 * this checkpoint, too.  Otherwise nothing there is touched, and the new note is put beside it.
 */
static void
continue_export(const char *folder, const Keys *keys, Tiles *tiles, const char *text,
				const CgCheckpoint *checkpoint)
{
	char	   *path = file_path(folder, "checkpoint");
	size_t		length;
	char	   *held_text;
	CgNote		note;
	CgCheckpoint held;
	uint8_t		root[CG_HASH_LENGTH];
	const char *wrong;
	char		name[64];

	if (!file_exists(path))
		return;
	held_text = file_read(path, &length);
	wrong = keys_check(keys, held_text, length, &note, &held);
	if (wrong != NULL)
		fail(EXIT_UNCHECKED, "\"%s\": %s", path, wrong);
	if (strcmp(held.origin, checkpoint->origin) != 0)
		fail(EXIT_UNCHECKED, "\"%s\" is of another log, %s: export to another folder", path, held.origin);
	if (held.size <= checkpoint->size && tiles_root(tiles, held.size, root) &&
		memcmp(root, held.root, CG_HASH_LENGTH) == 0)
	{
		free(held_text);
		free(path);
		return;
	}
	snprintf(name, sizeof(name), "fork-%lld-seen", (long long) time(NULL));
	free(path);
	path = file_path(folder, name);
	file_write(path, text, strlen(text));
	fail(EXIT_TAMPERED, "REFUSED: %s: %llu rows exported before, %llu rows seen; the note that was seen is \"%s\", and nothing else was changed",
		 held.size > checkpoint->size ? "the log has become shorter" : "the log is not a continuation of what was exported",
		 (unsigned long long) held.size, (unsigned long long) checkpoint->size, path);
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
