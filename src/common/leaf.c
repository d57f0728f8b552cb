/*
 * leaf.c
 *		A row of the access log as a leaf of the tree.
 */
#include "common/leaf.h"

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
	FIELD_TECHNICIAN
};

/*
 * The fields of each version, and those of its group of the actor, in ascending order.  A
 * version that was used in a log is never changed: docs/evidence.md says how a version is
 * added.
 */
#define FIELDS_1 \
	FIELD_SEQ, FIELD_READ_AT, FIELD_CUSTOMER, FIELD_ACTOR_GROUP, FIELD_RELATION, FIELD_COLUMNS, \
	FIELD_COUNT, FIELD_INTERVENTION, FIELD_CLOSED_AT, FIELD_PURPOSE, FIELD_REASON, FIELD_SESSION, \
	FIELD_STATEMENT, FIELD_QUERY_ID, FIELD_QUERY_HASH
#define FIELDS_2 FIELDS_1, FIELD_OPENS_AT, FIELD_CLOSES_AT, FIELD_PREVIOUS_OPENS_AT, FIELD_PREVIOUS_CLOSES_AT
#define ACTOR_1 FIELD_ACTOR, FIELD_LOGIN, FIELD_CLIENT, FIELD_APPLICATION
#define ACTOR_2 ACTOR_1, FIELD_IDENTITY, FIELD_TECHNICIAN

static const uint8_t version_1[] = {FIELDS_1};
static const uint8_t actor_1[] = {ACTOR_1};
static const uint8_t version_2[] = {FIELDS_2};
static const uint8_t actor_2[] = {ACTOR_2};

/*
 * This version is only for tests: test/t/117_versions.pl compiles it in, for a log with rows
 * of two versions.  It has the count twice.
 */
#ifdef CG_TEST_LEAF_VERSION
#define FIELD_TEST 26
static const uint8_t version_3[] = {FIELDS_2, FIELD_TEST};
#endif

typedef struct Version
{
	int			count;
	const uint8_t *fields;
	int			actor_count;
	const uint8_t *actor_fields;
} Version;

/* The versions by number, from 1 */
static const Version versions[] = {
	{sizeof(version_1), version_1, sizeof(actor_1), actor_1},
	{sizeof(version_2), version_2, sizeof(actor_2), actor_2},
#ifdef CG_TEST_LEAF_VERSION
	{sizeof(version_3), version_3, sizeof(actor_2), actor_2},
#endif
};

#define VERSIONS ((int) (sizeof(versions) / sizeof(versions[0])))

static CgLeafResult put_field(CgHasher *hasher, const CgLeaf *leaf, int number, CgBytes *out);
static CgLeafResult put_group(CgHasher *hasher, const CgLeaf *leaf, int group, CgBytes *out);
static bool group_is_null(const CgLeaf *leaf, int group);
static bool has_unsealed(const CgLeaf *leaf);
static CgLeafText actor_text(const CgLeaf *leaf, int number);
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
	return version >= CG_LEAF_FIRST_VERSION && version <= VERSIONS ? versions[version - 1].count : 0;
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
		CgLeafResult result = put_field(hasher, leaf, versions[leaf->version - 1].fields[i], out);

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
	switch (number)
	{
		case FIELD_CUSTOMER:
		case FIELD_ACTOR_GROUP:
			return put_group(hasher, leaf, number, out);
		case FIELD_SEQ:
			put_int8(out, number, &leaf->seq);
			break;
		case FIELD_READ_AT:
			put_int8(out, number, &leaf->read_at);
			break;
		case FIELD_RELATION:
			put_text(out, number, leaf->relation);
			break;
		case FIELD_COLUMNS:
			put_columns(out, leaf);
			break;
#ifdef CG_TEST_LEAF_VERSION
		case FIELD_TEST:
#endif
		case FIELD_COUNT:
			put_int8(out, number, leaf->count);
			break;
		case FIELD_INTERVENTION:
			put_text(out, number, leaf->intervention);
			break;
		case FIELD_CLOSED_AT:
			put_int8(out, number, leaf->closed_at);
			break;
		case FIELD_PURPOSE:
			put_text(out, number, leaf->purpose);
			break;
		case FIELD_REASON:
			put_text(out, number, leaf->reason);
			break;
		case FIELD_SESSION:
			put_text(out, number, leaf->session);
			break;
		case FIELD_STATEMENT:
			put_int8(out, number, leaf->statement);
			break;
		case FIELD_QUERY_ID:
			put_int8(out, number, leaf->query_id);
			break;
		case FIELD_QUERY_HASH:
			put_value(out, number, leaf->query_hash == NULL ? CG_LEAF_NULL : CG_LEAF_VALUE,
					  leaf->query_hash, CG_HASH_LENGTH);
			break;
		case FIELD_OPENS_AT:
			put_int8(out, number, leaf->opens_at);
			break;
		case FIELD_CLOSES_AT:
			put_int8(out, number, leaf->closes_at);
			break;
		case FIELD_PREVIOUS_OPENS_AT:
			put_int8(out, number, leaf->previous_opens_at);
			break;
		case FIELD_PREVIOUS_CLOSES_AT:
			put_int8(out, number, leaf->previous_closes_at);
			break;
		default:
			/* A field of a version's list is missing above. */
			return CG_LEAF_BAD_VERSION;
	}
	return CG_LEAF_OK;
}

/* Writes a group's field: its commitment, which is computed or was kept. */
static CgLeafResult
put_group(CgHasher *hasher, const CgLeaf *leaf, int group, CgBytes *out)
{
	bool		customer = group == CG_LEAF_CUSTOMER;
	const uint8_t *salt = customer ? leaf->customer_salt : leaf->actor_salt;
	const uint8_t *kept = customer ? leaf->customer_commitment : leaf->actor_commitment;
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

static bool
group_is_null(const CgLeaf *leaf, int group)
{
	if (group == CG_LEAF_CUSTOMER)
		return leaf->customer.data == NULL;
	return leaf->actor.data == NULL && leaf->login.data == NULL && leaf->client.data == NULL &&
		leaf->application.data == NULL && leaf->identity.data == NULL && leaf->technician.data == NULL;
}

CgLeafResult
cg_leaf_commit(CgHasher *hasher, const CgLeaf *leaf, int group,
			   uint8_t commitment[CG_HASH_LENGTH])
{
	const uint8_t *salt = group == CG_LEAF_CUSTOMER ? leaf->customer_salt : leaf->actor_salt;
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

void
cg_leaf_put_group(CgBytes *out, const CgLeaf *leaf, int group)
{
	const Version *version = &versions[leaf->version - 1];

	if (group == CG_LEAF_CUSTOMER)
	{
		put_text(out, FIELD_CUSTOMER, leaf->customer);
		return;
	}
	for (int i = 0; i < version->actor_count; i++)
		put_text(out, version->actor_fields[i], actor_text(leaf, version->actor_fields[i]));
}

static CgLeafText
actor_text(const CgLeaf *leaf, int number)
{
	switch (number)
	{
		case FIELD_ACTOR:
			return leaf->actor;
		case FIELD_LOGIN:
			return leaf->login;
		case FIELD_CLIENT:
			return leaf->client;
		case FIELD_APPLICATION:
			return leaf->application;
		case FIELD_IDENTITY:
			return leaf->identity;
		default:
			return leaf->technician;
	}
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
