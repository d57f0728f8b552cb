/*
 * restoredhash.c
 *		The hash of contact_guard.restored_log, computed from its rows.
 *
 * Each row is a JSON array as json_build_array() writes it; its SHA-256 is taken.  The hash of
 * all rows is that of their hashes, in the order of origin, seq and hash.
 */
#include "restoredhash.h"

#include <inttypes.h>
#include <stdlib.h>

static void put_json(CgBytes *out, const RestoredRow *row);
static void put_string(CgBytes *out, CgLeafText text);
static void put_integer(CgBytes *out, const int64_t *integer);
static void put_seconds(CgBytes *out, const int64_t *microseconds);
static void put_leaf_time(CgBytes *out, const int64_t *microseconds);
static void put_array(CgBytes *out, const CgLeafText *names, int count);
static void put_hex(CgBytes *out, CgLeafText bytes);
static void sort_run(RestoredHash *hash);
static int	compare_hashes(const void *a, const void *b);

void
restored_add(RestoredHash *hash, const RestoredRow *row)
{
	static CgBytes json;

	if (hash->count == 0 || hash->seq != row->leaf.seq || hash->origin.length != row->origin.length ||
		memcmp(hash->origin.data, row->origin.data, row->origin.length) != 0)
	{
		sort_run(hash);
		hash->run = hash->count;
		hash->seq = row->leaf.seq;
		cg_bytes_reset(&hash->origin);
		cg_bytes_put(&hash->origin, row->origin.data, row->origin.length);
	}
	if (hash->count == hash->room)
	{
		hash->room = hash->room == 0 ? 256 : 2 * hash->room;
		hash->hashes = reallocate(hash->hashes, (size_t) hash->room * CG_HASH_LENGTH);
	}
	cg_bytes_reset(&json);
	put_json(&json, row);
	if (json.failed || hash->origin.failed ||
		cg_hasher_digest(&hasher, json.data, json.length, NULL, 0, hash->hashes + hash->count * CG_HASH_LENGTH) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
	hash->count++;
}

void
restored_end(RestoredHash *hash, uint8_t result[CG_HASH_LENGTH])
{
	sort_run(hash);
	if (cg_hasher_digest(&hasher, hash->hashes, (size_t) hash->count * CG_HASH_LENGTH, NULL, 0, result) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
	cg_bytes_free(&hash->origin);
	free(hash->hashes);
	hash->hashes = NULL;
}

/* Rows with the same origin and seq are in the order of their hashes. */
static void
sort_run(RestoredHash *hash)
{
	if (hash->count - hash->run > 1)
		qsort(hash->hashes + hash->run * CG_HASH_LENGTH, (size_t) (hash->count - hash->run), CG_HASH_LENGTH, compare_hashes);
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, CG_HASH_LENGTH);
}

static void
put_json(CgBytes *out, const RestoredRow *row)
{
	const CgLeaf *leaf = &row->leaf;
	int64_t		version = leaf->version;
	const CgLeafText names[] = {row->event, leaf->actor, leaf->login, leaf->relation};
	const int64_t *const windows[] = {leaf->opens_at, leaf->closes_at, leaf->previous_opens_at, leaf->previous_closes_at};
	const CgLeafText texts[] = {leaf->purpose, leaf->reason, leaf->client, leaf->application, leaf->session};

	cg_bytes_put_text(out, "[");
	put_string(out, row->origin);
	cg_bytes_put_text(out, ", ");
	put_integer(out, &leaf->seq);
	cg_bytes_put_text(out, ", ");
	put_seconds(out, &leaf->read_at);
	for (int i = 0; i < 4; i++)
	{
		cg_bytes_put_text(out, ", ");
		put_string(out, names[i]);
	}
	cg_bytes_put_text(out, ", ");
	put_array(out, leaf->columns, leaf->ncolumns);
	cg_bytes_put_text(out, ", ");
	put_string(out, leaf->customer);
	cg_bytes_put_text(out, ", ");
	put_integer(out, leaf->count);
	cg_bytes_put_text(out, ", ");
	put_string(out, leaf->intervention);
	cg_bytes_put_text(out, ", ");
	put_seconds(out, leaf->closed_at);
	for (int i = 0; i < 5; i++)
	{
		cg_bytes_put_text(out, ", ");
		put_string(out, texts[i]);
	}
	cg_bytes_put_text(out, ", ");
	put_integer(out, leaf->statement);
	cg_bytes_put_text(out, ", ");
	put_integer(out, leaf->query_id);
	for (int i = 0; i < 4; i++)
	{
		cg_bytes_put_text(out, ", ");
		put_hex(out, row->secrets[i]);
	}
	cg_bytes_put_text(out, ", ");
	put_integer(out, &version);
	cg_bytes_put_text(out, ", ");
	put_string(out, leaf->identity);
	cg_bytes_put_text(out, ", ");
	put_string(out, leaf->technician);
	for (int i = 0; i < 4; i++)
	{
		cg_bytes_put_text(out, ", ");
		put_leaf_time(out, windows[i]);
	}
	cg_bytes_put_text(out, ", ");
	put_hex(out, row->secrets[4]);
	cg_bytes_put_text(out, "]");
}

static void
put_string(CgBytes *out, CgLeafText text)
{
	size_t		plain = 0;

	if (text.data == NULL)
	{
		cg_bytes_put_text(out, "null");
		return;
	}
	cg_bytes_put_text(out, "\"");
	for (size_t at = 0; at < text.length; at++)
	{
		static const char special[] = "\b\f\n\r\t\"\\";
		static const char *const escapes[] = {"\\b", "\\f", "\\n", "\\r", "\\t", "\\\"", "\\\\"};
		uint8_t		byte = (uint8_t) text.data[at];
		const char *found = byte == '\0' ? NULL : strchr(special, byte);
		char		code[8];

		if (found == NULL && byte >= ' ')
			continue;
		snprintf(code, sizeof(code), "\\u%04x", byte);
		cg_bytes_put(out, text.data + plain, at - plain);
		cg_bytes_put_text(out, found != NULL ? escapes[found - special] : code);
		plain = at + 1;
	}
	cg_bytes_put(out, text.data + plain, text.length - plain);
	cg_bytes_put_text(out, "\"");
}

static void
put_integer(CgBytes *out, const int64_t *integer)
{
	char		text[24];

	snprintf(text, sizeof(text), "%" PRId64, integer == NULL ? 0 : *integer);
	cg_bytes_put_text(out, integer == NULL ? "null" : text);
}

/* As extract(epoch FROM ...)::text */
static void
put_seconds(CgBytes *out, const int64_t *microseconds)
{
	uint64_t	size = microseconds == NULL ? 0 : *microseconds < 0 ? -(uint64_t) *microseconds : (uint64_t) *microseconds;
	char		text[48];

	snprintf(text, sizeof(text), "\"%s%" PRIu64 ".%06d\"", microseconds != NULL && *microseconds < 0 ? "-" : "", size / 1000000,
			 (int) (size % 1000000));
	cg_bytes_put_text(out, microseconds == NULL ? "null" : text);
}

/* As leaf_time() */
static void
put_leaf_time(CgBytes *out, const int64_t *microseconds)
{
	char		text[24];

	snprintf(text, sizeof(text), "\"%016" PRIx64 "\"", microseconds == NULL ? 0 : (uint64_t) *microseconds);
	cg_bytes_put_text(out, microseconds == NULL ? "null" : text);
}

static void
put_array(CgBytes *out, const CgLeafText *names, int count)
{
	if (names == NULL)
	{
		cg_bytes_put_text(out, "null");
		return;
	}
	cg_bytes_put_text(out, "[");
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			cg_bytes_put_text(out, ",");
		put_string(out, names[i]);
	}
	cg_bytes_put_text(out, "]");
}

static void
put_hex(CgBytes *out, CgLeafText bytes)
{
	char		digits[3];

	cg_bytes_put_text(out, bytes.data == NULL ? "null" : "\"");
	for (size_t i = 0; bytes.data != NULL && i < bytes.length; i++)
	{
		snprintf(digits, sizeof(digits), "%02x", (uint8_t) bytes.data[i]);
		cg_bytes_put_text(out, digits);
	}
	if (bytes.data != NULL)
		cg_bytes_put_text(out, "\"");
}
