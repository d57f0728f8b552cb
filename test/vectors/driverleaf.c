/*
 * driverleaf.c
 *		Vectors against the leaf: rows, and rows that must be refused.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 8

/* A row as the line has it, with room for what the leaf points to. */
typedef struct Row
{
	CgLeaf		leaf;
	CgLeafText	columns[MAX_COLUMNS];
	int64_t		integers[8];
	uint8_t		hashes[6][CG_HASH_LENGTH];
} Row;

static void
set_columns(Row *row, const char *value)
{
	row->leaf.columns = row->columns;
	while (*value != '\0')
	{
		CgLeafText *name = &row->columns[row->leaf.ncolumns++];

		name->data = value;
		name->length = strcspn(value, ",");
		value += name->length + (value[name->length] == ',');
	}
}

static bool
set_text(CgLeaf *leaf, const char *name, const char *value)
{
	const struct
	{
		const char *name;
		CgLeafText *text;
	}			texts[] = {
		{"relation", &leaf->relation}, {"intervention", &leaf->intervention},
		{"purpose", &leaf->purpose}, {"reason", &leaf->reason}, {"session", &leaf->session},
		{"customer", &leaf->customer}, {"actor", &leaf->actor}, {"login", &leaf->login},
		{"client", &leaf->client}, {"application", &leaf->application},
		{"identity", &leaf->identity}, {"technician", &leaf->technician}
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (strcmp(texts[i].name, name) == 0)
		{
			texts[i].text->data = value;
			texts[i].text->length = strlen(value);
			return true;
		}
	}
	return false;
}

static bool
set_number(Row *row, const char *name, const char *value)
{
	CgLeaf	   *leaf = &row->leaf;
	const char *const names[] = {"count", "closed_at", "statement", "query_id", "opens_at", "closes_at",
	"previous_opens_at", "previous_closes_at"};
	const int64_t **const numbers[] = {&leaf->count, &leaf->closed_at, &leaf->statement, &leaf->query_id,
	&leaf->opens_at, &leaf->closes_at, &leaf->previous_opens_at, &leaf->previous_closes_at};

	for (int i = 0; i < 8; i++)
	{
		if (strcmp(names[i], name) == 0)
		{
			row->integers[i] = strtoll(value, NULL, 10);
			*numbers[i] = &row->integers[i];
			return true;
		}
	}
	return false;
}

static bool
set_hash(Row *row, const char *name, const char *value)
{
	CgLeaf	   *leaf = &row->leaf;
	const char *const names[] = {"customer_salt", "customer_commitment", "actor_salt", "actor_commitment",
	"execution_salt"};
	const uint8_t **const hashes[] = {&leaf->customer_salt, &leaf->customer_commitment, &leaf->actor_salt,
	&leaf->actor_commitment, &leaf->execution_salt};

	for (int i = 0; i < 5; i++)
	{
		if (strcmp(names[i], name) == 0)
		{
			from_hex(value, row->hashes[i]);
			*hashes[i] = row->hashes[i];
			return true;
		}
	}
	return false;
}

static void
set(const Line *line, Row *row, const char *name, const char *value)
{
	if (strcmp(name, "event") == 0)
		row->leaf.event = cg_event_number(value, strlen(value));
	else if (strcmp(name, "leaf_version") == 0)
		row->leaf.version = atoi(value);
	else if (strcmp(name, "seq") == 0)
		row->leaf.seq = strtoll(value, NULL, 10);
	else if (strcmp(name, "read_at") == 0)
		row->leaf.read_at = strtoll(value, NULL, 10);
	else if (strcmp(name, "columns") == 0)
		set_columns(row, value);
	else if (strcmp(name, "query") == 0)
	{
		cg_hasher_digest(&hasher, value, strlen(value), NULL, 0, row->hashes[5]);
		row->leaf.query_hash = row->hashes[5];
	}
	else
		check(line, set_text(&row->leaf, name, value) || set_number(row, name, value) ||
			  set_hash(row, name, value), "unknown column");
}

/* All of it can be read, and no part of it or more of it. */
static void
read_back(const Line *line, const CgBytes *leaf, const CgLeaf *row)
{
	for (size_t length = 0; length <= leaf->length; length++)
	{
		CgLeafReader reader;
		CgLeafField field;
		int			got;
		int			fields = 0;
		bool		good;

		good = cg_leafreader_open(&reader, leaf->data, length, &got) == CG_LEAF_OK;
		while (good && cg_leafreader_next(&reader, &field))
			fields++;
		good = good && cg_leafreader_closed(&reader);
		if (length < leaf->length)
			check(line, !good, "a part of it is read");
		else
			check(line, good && got == row->event && reader.version == row->version &&
				  fields == cg_leaf_fields(row->version), "it is not read back");
	}
}

void
run_leaf(const Line *line)
{
	Row			row = {0};
	CgBytes		out = {0};
	CgLeafResult result;
	uint8_t		hash[CG_HASH_LENGTH];
	uint8_t		want[CG_HASH_LENGTH];

	row.leaf.version = CG_LEAF_FIRST_VERSION;
	for (int i = 2; i < line->nwords; i++)
	{
		char	   *equals = strchr(line->words[i], '=');

		*equals = '\0';
		set(line, &row, line->words[i], equals + 1);
	}
	result = cg_leaf_encode(&hasher, &row.leaf, &out);
	if (strcmp(line->words[0], "bad") == 0)
		check(line, strcmp(cg_leaf_message(result), line->words[1]) == 0, cg_leaf_message(result));
	else
	{
		uint8_t		room[200];
		CgBytes		little;

		from_hex(line->words[1], want);
		cg_hasher_leaf(&hasher, out.data, out.length, hash);
		check(line, result == CG_LEAF_OK, cg_leaf_message(result));
		check(line, memcmp(hash, want, sizeof(hash)) == 0, "another leaf hash");
		read_back(line, &out, &row.leaf);
		cg_bytes_init_fixed(&little, room, sizeof(room));
		result = cg_leaf_encode(&hasher, &row.leaf, &little);
		check(line, out.length <= sizeof(room) ? result == CG_LEAF_OK : result == CG_LEAF_MEMORY,
			  "a buffer that is too small");
	}
	cg_bytes_free(&out);
}
