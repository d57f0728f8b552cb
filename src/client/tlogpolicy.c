/*
 * tlogpolicy.c
 *		Trust policies (c2sp.org/tlog-policy), read and applied.
 *
 * A line can name only what stands before it.  So groups have no circles, and one pass over
 * the nodes decides.
 */
#include "tlogpolicy.h"

#include <stdlib.h>
#include <string.h>

#define MOST_WORDS (POLICY_NODES + 3)

/* A line of the file, cut into words */
typedef struct Line
{
	const char *path;
	int			first_key;		/* keys from here on are those of the policy */
	int			number;
	int			count;
	char	   *words[MOST_WORDS];
} Line;

static void refuse_line(const Line *line, const char *why, const char *word) __attribute__((noreturn));
static void split_line(Line *line, char *text);
static void read_line(Policy *policy, Keys *keys, const Line *line);
static bool parse_policy_key(const Line *line, const char *text, uint8_t type, CgNoteKey *key);
static void read_log(Keys *keys, const Line *line);
static void read_witness(Policy *policy, Keys *keys, const Line *line);
static void read_group(Policy *policy, const Line *line);
static int	parse_threshold(const Line *line, const char *text, int members);
static PolicyNode *new_node(Policy *policy, const Line *line);
static int	find_node(const Policy *policy, const Line *line, const char *name);
static void add_policy_key(Keys *keys, const Line *line, const CgNoteKey *key);
static char *find_met(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least,
					  uint64_t not_before, CgNote *note, CgCheckpoint *checkpoint);

void
policy_read(Policy *policy, Keys *keys, const char *path)
{
	size_t		length;
	char	   *text = file_read(path, &length);
	Line		line = {path, keys->count, 0, 0, {NULL}};

	if (policy->given)
		fail(EXIT_UNCHECKED, "there is more than one --policy");
	policy->given = true;
	keys->given = true;
	policy->quorum = -1;
	for (size_t i = 0; i < length; i++)
	{
		if (((uint8_t) text[i] < 0x20 && text[i] != '\t' && text[i] != '\n') || text[i] == 0x7F)
			fail(EXIT_UNCHECKED, "\"%s\": not a policy: it has control characters", path);
	}
	/* A file that was cut off may ask for less. */
	if (length == 0 || text[length - 1] != '\n')
		fail(EXIT_UNCHECKED, "\"%s\": not a policy: its last line has no end", path);
	for (char *at = text, *end; *at != '\0'; at = end + 1)
	{
		end = strchr(at, '\n');
		*end = '\0';
		line.number++;
		split_line(&line, at);
		if (line.count > 0)
			read_line(policy, keys, &line);
	}
	if (!policy->decided)
		fail(EXIT_UNCHECKED, "\"%s\": not a policy: it has no line \"quorum\"", path);
}

static void
refuse_line(const Line *line, const char *why, const char *word)
{
	fail(EXIT_UNCHECKED, "\"%s\", line %d: %s: \"%s\"", line->path, line->number, why, word);
}

/* A comment has no words. */
static void
split_line(Line *line, char *text)
{
	line->count = 0;
	for (char *word = strtok(text, " \t"); word != NULL; word = strtok(NULL, " \t"))
	{
		if (line->count == 0 && word[0] == '#')
			return;
		if (line->count == MOST_WORDS)
			refuse_line(line, "too many words", word);
		line->words[line->count++] = word;
	}
}

static void
read_line(Policy *policy, Keys *keys, const Line *line)
{
	const char *word = line->words[0];

	if (strcmp(word, "log") == 0 && (line->count == 2 || line->count == 3))
		read_log(keys, line);
	else if (strcmp(word, "witness") == 0 && (line->count == 3 || line->count == 4))
		read_witness(policy, keys, line);
	else if (strcmp(word, "group") == 0 && line->count >= 4)
		read_group(policy, line);
	else if (strcmp(word, "quorum") == 0 && line->count == 2 && !policy->decided)
	{
		policy->decided = true;
		if (strcmp(line->words[1], "none") != 0)
			policy->quorum = find_node(policy, line, line->words[1]);
	}
	else
		refuse_line(line, "not a line of a policy", word);
}

/* False: the key is of a type that is not known here. */
static bool
parse_policy_key(const Line *line, const char *text, uint8_t type, CgNoteKey *key)
{
	CgNoteResult result = cg_notekey_parse(text, strlen(text), key);

	if (result == CG_NOTE_KEY_TYPE)
	{
		say("\"%s\", line %d: the key is of a type that this contact-guard (version %s) does not know; its signatures do not count",
			line->path, line->number, CG_VERSION);
		return false;
	}
	if (result != CG_NOTE_OK)
		refuse_line(line, "not a verification key", text);
	if (key->type != type)
		refuse_line(line, type == CG_KEY_ED25519 ? "the key is one for cosignatures, which no log has" :
					"the key is not one for cosignatures (type 4), which a witness needs", text);
	return true;
}

static void
read_log(Keys *keys, const Line *line)
{
	CgNoteKey	key;

	if (parse_policy_key(line, line->words[1], CG_KEY_ED25519, &key))
		add_policy_key(keys, line, &key);
}

static void
read_witness(Policy *policy, Keys *keys, const Line *line)
{
	PolicyNode *node = new_node(policy, line);

	node->known = parse_policy_key(line, line->words[2], CG_KEY_COSIGNATURE, &node->key);
	if (node->known)
		add_policy_key(keys, line, &node->key);
	if (line->count == 4)
		node->url = strdup(line->words[3]);
	policy->count++;
}

/* A node may be a member once, so that no witness counts twice. */
static void
read_group(Policy *policy, const Line *line)
{
	PolicyNode *group = new_node(policy, line);

	group->group = true;
	group->threshold = parse_threshold(line, line->words[2], line->count - 3);
	for (int i = 3; i < line->count; i++)
	{
		int			member = find_node(policy, line, line->words[i]);

		for (int j = 0; j <= policy->count; j++)
		{
			if (policy->nodes[j].members[member])
				refuse_line(line, "a member of a group already", line->words[i]);
		}
		group->members[member] = true;
	}
	policy->count++;
}

static int
parse_threshold(const Line *line, const char *text, int members)
{
	uint64_t	threshold;

	if (strcmp(text, "all") == 0)
		return members;
	if (strcmp(text, "any") == 0)
		return 1;
	if (!cg_bytes_parse_decimal(text, strlen(text), &threshold) || threshold < 1 || threshold > (uint64_t) members)
		refuse_line(line, "neither \"all\" nor \"any\" nor a number of members", text);
	return (int) threshold;
}

/* The next node, with the name in the line; it counts when it is complete. */
static PolicyNode *
new_node(Policy *policy, const Line *line)
{
	PolicyNode *node = &policy->nodes[policy->count];

	if (policy->count == POLICY_NODES)
		refuse_line(line, "too many witnesses and groups", line->words[1]);
	if (strcmp(line->words[1], "none") == 0)
		refuse_line(line, "not a name", "none");
	for (int i = 0; i < policy->count; i++)
	{
		if (strcmp(policy->nodes[i].name, line->words[1]) == 0)
			refuse_line(line, "a name that was given before", line->words[1]);
	}
	node->name = strdup(line->words[1]);
	return node;
}

static int
find_node(const Policy *policy, const Line *line, const char *name)
{
	for (int i = 0; i < policy->count; i++)
	{
		if (strcmp(policy->nodes[i].name, name) == 0)
			return i;
	}
	refuse_line(line, "no witness and no group before this line", name);
}

/* Two names of one key would make two witnesses of one. */
static void
add_policy_key(Keys *keys, const Line *line, const CgNoteKey *key)
{
	for (int i = line->first_key; i < keys->count; i++)
	{
		const CgNoteKey *other = &keys->keys[i];

		if (other->type == key->type && memcmp(other->public_key, key->public_key, CG_PUBLIC_KEY_LENGTH) == 0)
			refuse_line(line, "a key that was given before", key->name);
	}
	if (keys->count == MAX_KEYS)
		refuse_line(line, "too many keys", key->name);
	keys->keys[keys->count++] = *key;
}

bool
policy_met(const Policy *policy, const CgNote *note, uint64_t not_before)
{
	bool		witnessed[POLICY_NODES] = {false};

	if (!policy->given || policy->quorum < 0)
		return true;
	for (int i = 0; i <= policy->quorum; i++)
	{
		const PolicyNode *node = &policy->nodes[i];
		uint64_t	seconds;
		int			count = 0;

		for (int j = 0; j < i && node->group; j++)
			count += node->members[j] && witnessed[j];
		if (node->group)
			witnessed[i] = count >= node->threshold;
		else
			witnessed[i] = node->known && cg_notekey_verify(note, &node->key, &seconds) == CG_NOTE_OK &&
				seconds >= not_before;
	}
	return witnessed[policy->quorum];
}

char *
policy_checkpoint(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least,
				  CgNote *note, CgCheckpoint *checkpoint)
{
	char	   *text = server_checkpoint(conn);
	const char *wrong = keys_check(keys, text, strlen(text), note, checkpoint);

	if (wrong != NULL)
		fail(EXIT_TAMPERED, "the server's checkpoint: %s", wrong);
	return policy_older(conn, policy, keys, least, 0, text, note, checkpoint);
}

char *
policy_older(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least, uint64_t not_before,
			 char *text, CgNote *note, CgCheckpoint *checkpoint)
{
	if (policy_met(policy, note, not_before))
		return text;
	free(text);
	text = find_met(conn, policy, keys, least, not_before, note, checkpoint);
	if (text == NULL)
		fail(EXIT_UNCHECKED, "the server has no checkpoint of more than %llu rows that meets the policy%s",
			 (unsigned long long) least, not_before > 0 ? " by cosignatures that are new enough" : "");
	return text;
}

void
policy_print(const Policy *policy, const CgNote *note)
{
	for (int i = 0; i < policy->count; i++)
	{
		const PolicyNode *node = &policy->nodes[i];
		uint64_t	seconds;

		if (node->group || !node->known || cg_notekey_verify(note, &node->key, &seconds) != CG_NOTE_OK)
			continue;
		printf("cosigned by ");
		text_print(stdout, node->name, strlen(node->name), "");
		printf(" at ");
		text_print_time((int64_t) seconds);
		printf("\n");
	}
}

/* Goes back through the checkpoints that the server has kept; NULL if none is found. */
static char *
find_met(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least,
		 uint64_t not_before, CgNote *note, CgCheckpoint *checkpoint)
{
	char	   *origin = strdup(checkpoint->origin);
	uint64_t	below = checkpoint->size;
	PGresult   *page;

	for (;;)
	{
		page = server_notes(conn, origin, (int64_t) below);
		if (PQntuples(page) == 0)
			break;
		for (int i = 0; i < PQntuples(page); i++)
		{
			char	   *text = server_note(page, i);
			const char *wrong;

			/* An old one may be signed by an old key: it does not count. */
			checkpoint->size = below - 1;
			wrong = keys_check(keys, text, strlen(text), note, checkpoint);
			if (checkpoint->size >= below || (wrong == NULL && strcmp(checkpoint->origin, origin) != 0))
				fail(EXIT_UNCHECKED, "the server's checkpoints are not those that were asked for");
			below = checkpoint->size;
			if (wrong == NULL && checkpoint->size > least && policy_met(policy, note, not_before))
				return text;
			free(text);
			if (below <= least)
				return NULL;
		}
		PQclear(page);
	}
	return NULL;
}
