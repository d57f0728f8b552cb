/*
 * drivermerkle.c
 *		Vectors against the tree: roots, tiles, proofs, and spoiled proofs.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_LEAVES 2048

typedef uint8_t Hash[CG_HASH_LENGTH];

/* Tiles as a server keeps them: the full ones as reported, the others apart. */
static CgTree tree;
static Hash leaves[MAX_LEAVES];
static uint64_t nleaves;
static Hash roots[MAX_LEAVES + 1];
static uint8_t stored[2][MAX_LEAVES / CG_TILE_WIDTH][CG_TILE_LENGTH];
static int	fetched;

static bool
store_tile(void *arg, int level, uint64_t n, const uint8_t *hashes)
{
	(void) arg;
	memcpy(stored[level][n], hashes, CG_TILE_LENGTH);
	return true;
}

static const uint8_t *
fetch_tile(void *arg, int level, uint64_t n, int width)
{
	(void) arg;
	if (width < 1 || width > CG_TILE_WIDTH || level > 1)
		return NULL;
	fetched++;
	if (n < cg_tree_edge_tile(tree.size, level))
		return stored[level][n];
	return width <= cg_tree_edge_width(tree.size, level) ? tree.edge[level] : NULL;
}

/* Appends, in uneven batches and through a resumed tree, and takes all roots. */
static void
add_leaf(const Line *line, const uint8_t *hash)
{
	CgTree	   *resumed;
	Hash		root;

	memcpy(leaves[nleaves++], hash, sizeof(Hash));
	resumed = malloc(sizeof(CgTree));
	check(line, cg_tree_resume(resumed, &hasher, tree.size, fetch_tile, NULL) == CG_MERKLE_OK, "resume");
	check(line, cg_tree_append(resumed, hash, 1, NULL, NULL) == CG_MERKLE_OK, "append");
	check(line, cg_tree_append(&tree, hash, 1, store_tile, NULL) == CG_MERKLE_OK, "append");
	check(line, cg_tree_root(&tree, roots[tree.size]) == CG_MERKLE_OK, "root");
	check(line, cg_tree_root(resumed, root) == CG_MERKLE_OK &&
		  memcmp(root, roots[tree.size], sizeof(Hash)) == 0, "the resumed tree's root differs");
	free(resumed);
}

static bool
included(uint64_t index, uint64_t size, const uint8_t *hash, const Hash *proof, int count,
		 const uint8_t *root)
{
	return cg_merkleverify_inclusion(&hasher, index, size, hash, proof, count, root) == CG_MERKLE_OK;
}

static bool
consistent(uint64_t first, uint64_t second, const uint8_t *first_root, const uint8_t *second_root,
		   const Hash *proof, int count)
{
	return cg_merkleverify_consistency(&hasher, first, second, first_root, second_root, proof,
										count) == CG_MERKLE_OK;
}

/* Every proof of this kind that is one step away from a good one. */
static void
spoil(const Line *line, bool inclusion, uint64_t a, uint64_t b, const Hash *good, int count)
{
	Hash		bad[CG_PROOF_LENGTH + 1];

	for (int i = 0; i < 3 * count + 3; i++)
	{
		int			at = i / 3;
		int			n = count;
		bool		holds;

		memcpy(bad, good, count * sizeof(Hash));
		if (at == count)
		{
			memcpy(bad[n], i % 3 == 0 ? leaves[0] : i % 3 == 1 ? roots[b] : good[0], sizeof(Hash));
			n++;
		}
		else if (i % 3 == 0)
			bad[at][i % CG_HASH_LENGTH] ^= 1;
		else if (i % 3 == 1)
			memmove(bad[at], bad[at + 1], (--n - at) * sizeof(Hash));
		else if (at + 1 < count && memcmp(bad[at], bad[at + 1], sizeof(Hash)) != 0)
		{
			memcpy(bad[at], good[at + 1], sizeof(Hash));
			memcpy(bad[at + 1], good[at], sizeof(Hash));
		}
		else
			continue;
		holds = inclusion ? included(a, b, leaves[a], bad, n, roots[b]) :
			consistent(a, b, roots[a], roots[b], bad, n);
		check(line, !holds, "a spoiled proof holds");
	}
}

static void
run_inclusion(const Line *line)
{
	uint64_t	index = strtoull(line->words[1], NULL, 10);
	uint64_t	size = strtoull(line->words[2], NULL, 10);
	int			count = line->nwords - 3;
	Hash		want[CG_PROOF_LENGTH + 1];
	Hash		got[CG_PROOF_LENGTH];
	int			ngot;

	for (int i = 0; i < count; i++)
		from_hex(line->words[3 + i], want[i]);
	fetched = 0;
	check(line, cg_merkle_prove_inclusion(&hasher, index, size, fetch_tile, NULL, got, &ngot) ==
		  CG_MERKLE_OK && ngot == count && memcmp(got, want, count * sizeof(Hash)) == 0,
		  "another proof is made");
	check(line, fetched <= 4, "too many tiles are fetched");
	check(line, included(index, size, leaves[index], want, count, roots[size]), "it does not hold");
	spoil(line, true, index, size, want, count);
	for (uint64_t other = 0; other < size; other++)
	{
		check(line, other == index || !included(other, size, leaves[index], want, count, roots[size]),
			  "it holds for another index");
		check(line, other == index || !included(index, size, leaves[other], want, count, roots[size]),
			  "it holds for another leaf");
		check(line, other + 1 == size ||
			  !included(index, other + 1, leaves[index], want, count, roots[other + 1]),
			  "it holds for another size");
	}
	check(line, !included(size, size, leaves[index], want, count, roots[size]), "index = size");
	check(line, !included(index, 0, leaves[index], want, count, roots[0]), "size = 0");
	check(line, cg_merkle_prove_inclusion(&hasher, size, size, fetch_tile, NULL, got, &ngot) ==
		  CG_MERKLE_RANGE, "a proof for index = size");
}

static void
run_consistency(const Line *line)
{
	uint64_t	first = strtoull(line->words[1], NULL, 10);
	uint64_t	second = strtoull(line->words[2], NULL, 10);
	int			count = line->nwords - 3;
	Hash		want[CG_PROOF_LENGTH + 1];
	Hash		got[CG_PROOF_LENGTH];
	int			ngot;

	for (int i = 0; i < count; i++)
		from_hex(line->words[3 + i], want[i]);
	check(line, cg_merkle_prove_consistency(&hasher, first, second, fetch_tile, NULL, got, &ngot) ==
		  CG_MERKLE_OK && ngot == count && memcmp(got, want, count * sizeof(Hash)) == 0,
		  "another proof is made");
	check(line, consistent(first, second, roots[first], roots[second], want, count), "it does not hold");
	check(line, consistent(0, second, roots[0], roots[second], want, 0), "from the empty tree");
	check(line, !consistent(0, second, roots[first], roots[second], want, 0), "from no empty tree");
	check(line, !consistent(0, second, roots[0], roots[second], want, 1), "from it, with a proof");
	if (first == second)
		check(line, !consistent(first, second, roots[first], roots[second - 1], want, 0),
			  "of equal sizes with other roots");
	else
	{
		spoil(line, false, first, second, want, count);
		check(line, !consistent(first, second, roots[second], roots[second], want, count), "another first root");
		check(line, !consistent(first, second, roots[first], roots[first], want, count), "another second root");
		check(line, !consistent(second, first, roots[second], roots[first], want, count), "the other way round");
		for (uint64_t other = 1; other < second; other++)
			check(line, other == first ||
				  !consistent(other, second, roots[other], roots[second], want, count), "another first size");
	}
}

static void
run_tile(const Line *line)
{
	int			level = atoi(line->words[1]);
	int			width = atoi(line->words[3]);
	const uint8_t *hashes = fetch_tile(NULL, level, strtoull(line->words[2], NULL, 10), width);
	Hash		want;
	Hash		got;

	from_hex(line->words[4], want);
	cg_hasher_digest(&hasher, hashes, (size_t) width * CG_HASH_LENGTH, NULL, 0, got);
	check(line, memcmp(got, want, sizeof(Hash)) == 0, "another tile");
}

static void
run_hash(const Line *line)
{
	bool		leaf = strcmp(line->words[0], "leaf-hash") == 0;
	uint8_t		input[3][64];
	size_t		length[3];
	Hash		got;

	for (int i = 1; i < line->nwords; i++)
		length[i - 1] = from_hex(line->words[i], input[i - 1]);
	if (leaf)
		cg_hasher_leaf(&hasher, input[0], length[0], got);
	else
	{
		/* The published node has children of four bytes: no node of ours. */
		memmove(input[0] + 1, input[0], length[0]);
		input[0][0] = 1;
		cg_hasher_digest(&hasher, input[0], length[0] + 1, input[1], length[1], got);
	}
	check(line, memcmp(got, input[leaf ? 1 : 2], sizeof(Hash)) == 0, "another hash");
}

void
run_merkle(const Line *line)
{
	const char *word = line->words[0];
	Hash		hash;

	if (strcmp(word, "tree") == 0)
	{
		cg_tree_init(&tree, &hasher);
		nleaves = 0;
		cg_tree_root(&tree, roots[0]);
	}
	else if (strcmp(word, "leaf") == 0)
	{
		uint8_t		data[64];
		size_t		length = strcmp(line->words[1], "-") == 0 ? 0 : from_hex(line->words[1], data);
		Hash		want;

		cg_hasher_leaf(&hasher, data, length, hash);
		if (strcmp(line->words[2], "-") != 0)
		{
			from_hex(line->words[2], want);
			check(line, memcmp(hash, want, sizeof(Hash)) == 0, "another leaf hash");
		}
		add_leaf(line, hash);
	}
	else if (strcmp(word, "counter") == 0)
	{
		for (uint32_t i = 0; i < (uint32_t) atoi(line->words[1]); i++)
		{
			uint8_t		data[4] = {i >> 24, i >> 16, i >> 8, i};

			cg_hasher_leaf(&hasher, data, sizeof(data), hash);
			add_leaf(line, hash);
		}
	}
	else if (strcmp(word, "root") == 0)
	{
		uint64_t	size = strtoull(line->words[1], NULL, 10);
		Hash		again;

		from_hex(line->words[2], hash);
		check(line, memcmp(roots[size], hash, sizeof(Hash)) == 0, "another root");
		check(line, cg_merkle_root(&hasher, size, fetch_tile, NULL, again) == CG_MERKLE_OK &&
			  memcmp(again, hash, sizeof(Hash)) == 0, "another root from tiles");
	}
	else if (strcmp(word, "inclusion") == 0)
		run_inclusion(line);
	else if (strcmp(word, "consistency") == 0)
		run_consistency(line);
	else if (strcmp(word, "tile") == 0)
		run_tile(line);
	else if (strcmp(word, "leaf-hash") == 0 || strcmp(word, "node-hash") == 0)
		run_hash(line);
	else
		check(line, false, "unknown word");
}

/* Any tile of a large tree, whose hashes do not matter. */
static const uint8_t *
count_tile(void *arg, int level, uint64_t n, int width)
{
	(void) arg;
	(void) n;
	check(&(Line) {.words = {"tiles"}}, level < 4 && width >= 1 && width <= CG_TILE_WIDTH, "no such tile");
	fetched++;
	return stored[0][0];
}

/* A proof in a log of 100 million reads at most 8 tiles, one from size to size as many. */
static void
count_tiles(void)
{
	const uint64_t size = 99999999;
	Hash		proof[CG_PROOF_LENGTH];
	int			count;

	for (uint64_t index = 0; index < size; index += 123457)
	{
		fetched = 0;
		cg_merkle_prove_inclusion(&hasher, index, size, count_tile, NULL, proof, &count);
		check(&(Line) {.words = {"inclusion"}}, fetched <= 8 && count <= 27, "too many tiles");
		fetched = 0;
		cg_merkle_prove_consistency(&hasher, index, size, count_tile, NULL, proof, &count);
		check(&(Line) {.words = {"consistency"}}, fetched <= 8 && count <= 28, "too many tiles");
	}
}

void
measure(void)
{
	const int	batch = 10000;
	uint8_t    *hashes = calloc(batch, CG_HASH_LENGTH);
	CgTree	   *growing = malloc(sizeof(CgTree));
	clock_t		start;
	double		seconds;

	count_tiles();
	start = clock();
	cg_tree_init(growing, &hasher);
	do
	{
		cg_tree_append(growing, hashes, batch, NULL, NULL);
		seconds = (double) (clock() - start) / CLOCKS_PER_SEC;
	} while (seconds < 1);
	printf("%.0f leaf hashes appended a second\n", (double) growing->size / seconds);
	free(growing);
	free(hashes);
}
