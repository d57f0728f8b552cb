/*
 * leaf.c
 *		A row of the access log as a leaf of the tree.
 */
#include "common/leaf.h"

#include <stddef.h>
#include <string.h>

#define COMMIT_HEADER "contact_guard/commit/v1\n"

/* The numbers of fields; a number is never used for another field. */
enum
{
	FIELD_SEQ = 1,
	FIELD_READ_AT,
	FIELD_CUSTOMER = CG_LEAF_CUSTOMER,
	FIELD_ACTOR_GROUP = CG_LEAF_ACTOR,
	FIELD_RELATION,
	FIELD_COLUMNS,
	FIELD_COUNT,
	FIELD_INTERVENTION,
	FIELD_CLOSED_AT,
	FIELD_PURPOSE,
	FIELD_REASON,
	FIELD_SESSION,
	FIELD_STATEMENT,
	FIELD_QUERY_ID,
	FIELD_QUERY_HASH,
	FIELD_OPENS_AT,
	FIELD_CLOSES_AT,
	FIELD_PREVIOUS_OPENS_AT,
	FIELD_PREVIOUS_CLOSES_AT,
	FIELD_ACTOR,
	FIELD_LOGIN,
	FIELD_CLIENT,
	FIELD_APPLICATION,
	FIELD_IDENTITY,
	FIELD_TECHNICIAN,
	FIELD_EXECUTION = CG_LEAF_EXECUTION
};

/*
 * The fields of each version, and those of its groups, in ascending order.  A version that was
 * used in a log is never changed: docs/evidence.md says how a version is added.
 */
#define FIELDS_BEFORE \
	FIELD_SEQ, FIELD_READ_AT, FIELD_CUSTOMER, FIELD_ACTOR_GROUP, FIELD_RELATION, FIELD_COLUMNS, \
	FIELD_COUNT, FIELD_INTERVENTION, FIELD_CLOSED_AT, FIELD_PURPOSE
#define FIELDS_OF_EXECUTION \
	FIELD_REASON, FIELD_SESSION, FIELD_STATEMENT, FIELD_QUERY_ID, FIELD_QUERY_HASH
#define FIELDS_2 \
	FIELDS_BEFORE, FIELD_OPENS_AT, FIELD_CLOSES_AT, FIELD_PREVIOUS_OPENS_AT, FIELD_PREVIOUS_CLOSES_AT, FIELD_EXECUTION
#define ACTOR_1 FIELD_ACTOR, FIELD_LOGIN, FIELD_CLIENT, FIELD_APPLICATION

static const uint8_t version_1[] = {FIELDS_BEFORE, FIELDS_OF_EXECUTION};
static const uint8_t version_2[] = {FIELDS_2};
static const uint8_t customer_1[] = {FIELD_CUSTOMER};
static const uint8_t actor_1[] = {ACTOR_1};
static const uint8_t actor_2[] = {ACTOR_1, FIELD_IDENTITY, FIELD_TECHNICIAN};
static const uint8_t execution_2[] = {FIELDS_OF_EXECUTION};

/*
 * This version is only for tests: test/t/117_versions.pl compiles it in, for a log with rows
 * of two versions.  It has the count twice.
 */
#ifdef CG_TEST_LEAF_VERSION
#define FIELD_TEST 27
static const uint8_t version_3[] = {FIELDS_2, FIELD_TEST};
#endif

typedef struct FieldList
{
	int			count;
	const uint8_t *fields;
} FieldList;

#define LIST(fields) {sizeof(fields), fields}

typedef struct Version
{
	FieldList	all;
	FieldList	customer;
	FieldList	actor;
	FieldList	execution;		/* empty: the version has no such group */
} Version;

/* The versions by number, from 1 */
static const Version versions[] = {
	{LIST(version_1), LIST(customer_1), LIST(actor_1), {0}},
	{LIST(version_2), LIST(customer_1), LIST(actor_2), LIST(execution_2)},
#ifdef CG_TEST_LEAF_VERSION
	{LIST(version_3), LIST(customer_1), LIST(actor_2), LIST(execution_2)},
#endif
};

/* Where the value of a field stands in a CgLeaf */
typedef enum PlaceKind
{
	PLACE_NONE = 0,
	PLACE_NUMBER,
	PLACE_OPTIONAL,				/* a pointer to a number, or NULL */
	PLACE_TEXT,
	PLACE_COLUMNS,
	PLACE_HASH
} PlaceKind;

typedef struct Place
{
	PlaceKind	kind;
	size_t		offset;
} Place;

#define PLACE(kind, member) {kind, offsetof(CgLeaf, member)}

/* By the number of the field; those of groups are in put_group(). */
static const Place places[] = {
	[FIELD_SEQ] = PLACE(PLACE_NUMBER, seq), [FIELD_READ_AT] = PLACE(PLACE_NUMBER, read_at),
	[FIELD_CUSTOMER] = PLACE(PLACE_TEXT, customer), [FIELD_RELATION] = PLACE(PLACE_TEXT, relation),
	[FIELD_COLUMNS] = PLACE(PLACE_COLUMNS, columns), [FIELD_COUNT] = PLACE(PLACE_OPTIONAL, count),
	[FIELD_INTERVENTION] = PLACE(PLACE_TEXT, intervention), [FIELD_CLOSED_AT] = PLACE(PLACE_OPTIONAL, closed_at),
	[FIELD_PURPOSE] = PLACE(PLACE_TEXT, purpose), [FIELD_REASON] = PLACE(PLACE_TEXT, reason),
	[FIELD_SESSION] = PLACE(PLACE_TEXT, session), [FIELD_STATEMENT] = PLACE(PLACE_OPTIONAL, statement),
	[FIELD_QUERY_ID] = PLACE(PLACE_OPTIONAL, query_id), [FIELD_QUERY_HASH] = PLACE(PLACE_HASH, query_hash),
	[FIELD_OPENS_AT] = PLACE(PLACE_OPTIONAL, opens_at), [FIELD_CLOSES_AT] = PLACE(PLACE_OPTIONAL, closes_at),
	[FIELD_PREVIOUS_OPENS_AT] = PLACE(PLACE_OPTIONAL, previous_opens_at), [FIELD_PREVIOUS_CLOSES_AT] = PLACE(PLACE_OPTIONAL, previous_closes_at),
	[FIELD_ACTOR] = PLACE(PLACE_TEXT, actor), [FIELD_LOGIN] = PLACE(PLACE_TEXT, login),
	[FIELD_CLIENT] = PLACE(PLACE_TEXT, client), [FIELD_APPLICATION] = PLACE(PLACE_TEXT, application),
	[FIELD_IDENTITY] = PLACE(PLACE_TEXT, identity), [FIELD_TECHNICIAN] = PLACE(PLACE_TEXT, technician),
#ifdef CG_TEST_LEAF_VERSION
	[FIELD_TEST] = PLACE(PLACE_OPTIONAL, count),
#endif
};

#define VERSIONS ((int) (sizeof(versions) / sizeof(versions[0])))

static CgLeafResult put_field(CgHasher *hasher, const CgLeaf *leaf, int number, CgBytes *out);
static CgLeafResult put_group(CgHasher *hasher, const CgLeaf *leaf, int group, CgBytes *out);
static bool group_is_null(const CgLeaf *leaf, int group);
static bool has_unsealed(const CgLeaf *leaf);
static bool put_plain(const CgLeaf *leaf, int number, CgBytes *out);
static const FieldList *group_fields(const CgLeaf *leaf, int group);
static void put_columns(CgBytes *out, const CgLeaf *leaf);
static void put_value(CgBytes *out, int number, CgLeafKind kind, const void *data, size_t length);
static void put_text(CgBytes *out, int number, CgLeafText text);
static void put_int8(CgBytes *out, int number, const int64_t *value);

const char *
cg_leaf_message(CgLeafResult result)
{
	switch (result)
	{
		case CG_LEAF_OK:
			return "no error";
		case CG_LEAF_CRYPTO:
			return "SHA-256 failed";
		case CG_LEAF_MEMORY:
			return "out of memory";
		case CG_LEAF_TOO_LONG:
			return "the row is too long for a leaf";
		case CG_LEAF_BAD_EVENT:
			return "unknown event";
		case CG_LEAF_BAD_VERSION:
			return "unknown version of leaves";
		case CG_LEAF_NO_SALT:
			return "personal values without their salt";
		case CG_LEAF_NOT_SEALED:
			return "a value that leaves of this version do not have";
		case CG_LEAF_BAD_COMMITMENT:
			return "personal values that are not those of their commitment";
		case CG_LEAF_FORMAT:
			return "not in the format of a leaf";
	}
	return "unknown error";
}

int
cg_leaf_newest_version(void)
{
	return VERSIONS;
}

int
cg_leaf_fields(int version)
{
	return version >= CG_LEAF_FIRST_VERSION && version <= VERSIONS ? versions[version - 1].all.count : 0;
}

CgLeafResult
cg_leaf_encode(CgHasher *hasher, const CgLeaf *leaf, CgBytes *out)
{
	size_t		start = out->length;
	int			count = cg_leaf_fields(leaf->version);

	if (count == 0)
		return CG_LEAF_BAD_VERSION;
	if (cg_event_name(leaf->event) == NULL)
		return CG_LEAF_BAD_EVENT;
	if (has_unsealed(leaf))
		return CG_LEAF_NOT_SEALED;
	/* Checked before anything is copied, since a server may send a gigabyte. */
	if (leaf->relation.length + leaf->intervention.length + leaf->purpose.length +
		leaf->reason.length + leaf->session.length > CG_LEAF_LENGTH)
		return CG_LEAF_TOO_LONG;
	cg_bytes_put(out, CG_LEAF_HEADER, strlen(CG_LEAF_HEADER));
	cg_bytes_put_uint8(out, (uint8_t) leaf->event);
	cg_bytes_put_uint16(out, (uint16_t) leaf->version);
	cg_bytes_put_uint16(out, (uint16_t) count);
	for (int i = 0; i < count; i++)
	{
		CgLeafResult result = put_field(hasher, leaf, versions[leaf->version - 1].all.fields[i], out);

		if (result != CG_LEAF_OK)
			return result;
	}
	if (out->failed)
		return CG_LEAF_MEMORY;
	return out->length - start <= CG_LEAF_LENGTH ? CG_LEAF_OK : CG_LEAF_TOO_LONG;
}

/* Whoever adds such a value to a row would change nothing that its leaf proves. */
static bool
has_unsealed(const CgLeaf *leaf)
{
	return leaf->version < 2 &&
		(leaf->identity.data != NULL || leaf->technician.data != NULL || leaf->opens_at != NULL ||
		 leaf->closes_at != NULL || leaf->previous_opens_at != NULL || leaf->previous_closes_at != NULL);
}

static CgLeafResult
put_field(CgHasher *hasher, const CgLeaf *leaf, int number, CgBytes *out)
{
	if (number == FIELD_CUSTOMER || number == FIELD_ACTOR_GROUP || number == FIELD_EXECUTION)
		return put_group(hasher, leaf, number, out);
	/* A field of a version's list may be missing in places. */
	return put_plain(leaf, number, out) ? CG_LEAF_OK : CG_LEAF_BAD_VERSION;
}

/* Writes a value.  False: no such field is known. */
static bool
put_plain(const CgLeaf *leaf, int number, CgBytes *out)
{
	const char *value = (const char *) leaf + places[number].offset;

	switch (places[number].kind)
	{
		case PLACE_NONE:
			return false;
		case PLACE_NUMBER:
			put_int8(out, number, (const int64_t *) value);
			break;
		case PLACE_OPTIONAL:
			put_int8(out, number, *(const int64_t *const *) value);
			break;
		case PLACE_TEXT:
			put_text(out, number, *(const CgLeafText *) value);
			break;
		case PLACE_COLUMNS:
			put_columns(out, leaf);
			break;
		case PLACE_HASH:
			put_value(out, number, leaf->query_hash == NULL ? CG_LEAF_NULL : CG_LEAF_VALUE,
					  leaf->query_hash, CG_HASH_LENGTH);
			break;
	}
	return true;
}

/* Writes a group's field: its commitment, which is computed or was kept. */
static CgLeafResult
put_group(CgHasher *hasher, const CgLeaf *leaf, int group, CgBytes *out)
{
	const uint8_t *salt = cg_leaf_salt(leaf, group);
	const uint8_t *kept = group == CG_LEAF_CUSTOMER ? leaf->customer_commitment :
		group == CG_LEAF_ACTOR ? leaf->actor_commitment : NULL;
	uint8_t		computed[CG_HASH_LENGTH];
	CgLeafResult result;

	if (salt == NULL)
	{
		/* Without a salt the values could not be compared with the commitment. */
		if (!group_is_null(leaf, group))
			return CG_LEAF_NO_SALT;
		put_value(out, group, kept == NULL ? CG_LEAF_NULL : CG_LEAF_COMMITMENT, kept,
				  CG_HASH_LENGTH);
		return CG_LEAF_OK;
	}
	result = cg_leaf_commit(hasher, leaf, group, computed);
	if (result != CG_LEAF_OK)
		return result;
	if (kept != NULL && memcmp(kept, computed, CG_HASH_LENGTH) != 0)
		return CG_LEAF_BAD_COMMITMENT;
	put_value(out, group, CG_LEAF_COMMITMENT, computed, CG_HASH_LENGTH);
	return CG_LEAF_OK;
}

const uint8_t *
cg_leaf_salt(const CgLeaf *leaf, int group)
{
	return group == CG_LEAF_CUSTOMER ? leaf->customer_salt :
		group == CG_LEAF_ACTOR ? leaf->actor_salt : leaf->execution_salt;
}

static bool
group_is_null(const CgLeaf *leaf, int group)
{
	if (group == CG_LEAF_CUSTOMER)
		return leaf->customer.data == NULL;
	if (group == CG_LEAF_EXECUTION)
		return leaf->reason.data == NULL && leaf->session.data == NULL && leaf->statement == NULL &&
			leaf->query_id == NULL && leaf->query_hash == NULL;
	return leaf->actor.data == NULL && leaf->login.data == NULL && leaf->client.data == NULL &&
		leaf->application.data == NULL && leaf->identity.data == NULL && leaf->technician.data == NULL;
}

CgLeafResult
cg_leaf_commit(CgHasher *hasher, const CgLeaf *leaf, int group,
			   uint8_t commitment[CG_HASH_LENGTH])
{
	const uint8_t *salt = cg_leaf_salt(leaf, group);
	uint8_t		usual[1024];	/* enough for most groups; longer ones use malloc */
	CgBytes		fields;
	CgLeafResult result;

	if (salt == NULL)
		return CG_LEAF_NO_SALT;
	if (cg_leaf_fields(leaf->version) == 0)
		return CG_LEAF_BAD_VERSION;
	cg_bytes_init_fixed(&fields, usual, sizeof(usual));
	cg_leaf_put_group(&fields, leaf, group);
	if (fields.failed)
	{
		cg_bytes_init(&fields);
		cg_leaf_put_group(&fields, leaf, group);
	}
	result = fields.failed ? CG_LEAF_MEMORY :
		cg_leaf_commit_fields(hasher, group, salt, fields.data, fields.length, commitment);
	cg_bytes_free(&fields);
	return result;
}

static const FieldList *
group_fields(const CgLeaf *leaf, int group)
{
	const Version *version = &versions[leaf->version - 1];

	return group == CG_LEAF_CUSTOMER ? &version->customer :
		group == CG_LEAF_ACTOR ? &version->actor : &version->execution;
}

void
cg_leaf_put_group(CgBytes *out, const CgLeaf *leaf, int group)
{
	const FieldList *list = group_fields(leaf, group);

	for (int i = 0; i < list->count; i++)
		(void) put_plain(leaf, list->fields[i], out);
}

bool
cg_leaf_has_group(int version, int group)
{
	return cg_leaf_fields(version) > 0 && (group != CG_LEAF_EXECUTION || versions[version - 1].execution.count > 0);
}

CgLeafResult
cg_leaf_commit_fields(CgHasher *hasher, int group, const uint8_t salt[CG_SALT_LENGTH],
					  const uint8_t *fields, size_t length, uint8_t commitment[CG_HASH_LENGTH])
{
	uint8_t		head[sizeof(COMMIT_HEADER) - 1 + 2 + CG_SALT_LENGTH];
	CgBytes		bytes;

	cg_bytes_init_fixed(&bytes, head, sizeof(head));
	cg_bytes_put_text(&bytes, COMMIT_HEADER);
	cg_bytes_put_uint16(&bytes, (uint16_t) group);
	cg_bytes_put(&bytes, salt, CG_SALT_LENGTH);
	return cg_hasher_digest(hasher, head, sizeof(head), fields, length, commitment) ==
		CG_MERKLE_OK ? CG_LEAF_OK : CG_LEAF_CRYPTO;
}

static void
put_columns(CgBytes *out, const CgLeaf *leaf)
{
	size_t		length = 0;

	if (leaf->columns == NULL)
	{
		put_value(out, FIELD_COLUMNS, CG_LEAF_NULL, NULL, 0);
		return;
	}
	for (int i = 0; i < leaf->ncolumns; i++)
		length += 4 + leaf->columns[i].length;
	cg_bytes_put_uint16(out, FIELD_COLUMNS);
	cg_bytes_put_uint8(out, CG_LEAF_VALUE);
	cg_bytes_put_uint32(out, (uint32_t) length);
	for (int i = 0; i < leaf->ncolumns; i++)
	{
		cg_bytes_put_uint32(out, (uint32_t) leaf->columns[i].length);
		cg_bytes_put(out, leaf->columns[i].data, leaf->columns[i].length);
	}
}

static void
put_value(CgBytes *out, int number, CgLeafKind kind, const void *data, size_t length)
{
	size_t		width = kind == CG_LEAF_NULL ? 3 : 7 + length;
	uint8_t    *place = cg_bytes_reserve(out, width);

	if (place == NULL)
		return;
	cg_bytes_set_uint16(place, (uint16_t) number);
	place[2] = (uint8_t) kind;
	if (kind != CG_LEAF_NULL)
	{
		cg_bytes_set_uint32(place + 3, (uint32_t) length);
		if (length > 0)
			memcpy(place + 7, data, length);
	}
	out->length += width;
}

static void
put_text(CgBytes *out, int number, CgLeafText text)
{
	put_value(out, number, text.data == NULL ? CG_LEAF_NULL : CG_LEAF_VALUE, text.data, text.length);
}

static void
put_int8(CgBytes *out, int number, const int64_t *value)
{
	uint8_t		buffer[8];

	if (value != NULL)
	{
		cg_bytes_set_uint32(buffer, (uint32_t) ((uint64_t) *value >> 32));
		cg_bytes_set_uint32(buffer + 4, (uint32_t) *value);
	}
	put_value(out, number, value == NULL ? CG_LEAF_NULL : CG_LEAF_VALUE, buffer, sizeof(buffer));
}
