/*
 * driver.c
 *		Vectors against the pure part: driver merkle FILE, note FILE, leaf FILE,
 *		jws FILE or speed.
 *
 * A line of a file is words; "#" begins a comment.  merkle: words between blanks,
 *	tree NAME; leaf HEX HASH ("-": none, not known); counter N (the big-endian
 *	uint32 from 0 on are the leaves); root SIZE HASH; inclusion INDEX SIZE HASH*;
 *	consistency FIRST SECOND HASH*; tile LEVEL N WIDTH SHA-256; leaf-hash and
 *	node-hash (between tabs).
 * note: words between tabs, "\n" a newline,
 *	verify VKEY NOTE; checkpoint ORIGIN SIZE ROOT TEXT; key NAME TYPE SEED VKEY SECRET;
 *	sign SECRET 0 TEXT LINE; cosign NAME SEED SECONDS TEXT LINE; proof INDEX VKEY
 *	LEAFHASH FILE; bad-note NOTE; bad-key VKEY; bad-proof FILE; bad-checkpoint TEXT;
 *	forged VKEY NOTE.
 * jws: words between tabs, see driverjws.c.
 * leaf: words between tabs, row LEAFHASH COLUMN=VALUE* or bad MESSAGE COLUMN=VALUE*.
 *
 * What is good is also spoiled in every way that we thought of, and must then fail.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

CgHasher	hasher;
int			checks;
int			failures;

static void run_file(const char *path, const char *separators, void (*run) (const Line *line));
static void unescape(char *word);

int
main(int argc, char **argv)
{
	if (cg_hasher_open(&hasher) != CG_MERKLE_OK)
		return 2;
	if (argc == 3 && strcmp(argv[1], "merkle") == 0)
		run_file(argv[2], " \t", run_merkle);
	else if (argc == 3 && strcmp(argv[1], "note") == 0)
		run_file(argv[2], "\t", run_note);
	else if (argc == 3 && strcmp(argv[1], "leaf") == 0)
		run_file(argv[2], "\t", run_leaf);
	else if (argc == 3 && strcmp(argv[1], "jws") == 0)
		run_file(argv[2], "\t", run_jws);
	else if (argc == 2 && strcmp(argv[1], "speed") == 0)
		measure();
	else
		return 2;
	cg_hasher_close(&hasher);
	printf("%d checks, %d failed\n", checks, failures);
	return failures > 0 || (argc == 3 && checks == 0);
}

static void
run_file(const char *path, const char *separators, void (*run) (const Line *line))
{
	FILE	   *file = fopen(path, "r");
	char	   *text = NULL;
	size_t		room = 0;
	Line		line = {0};

	if (file == NULL)
	{
		perror(path);
		exit(2);
	}
	while (getline(&text, &room, file) > 0)
	{
		char	   *rest = text;
		char	   *word;

		line.number++;
		line.nwords = 0;
		text[strcspn(text, "\n")] = '\0';
		if (text[0] == '#' || text[0] == '\0')
			continue;
		while ((word = strsep(&rest, separators)) != NULL && line.nwords < MAX_WORDS)
		{
			if (separators[1] == '\0')
				unescape(word);
			line.words[line.nwords++] = word;
		}
		run(&line);
	}
	free(text);
	fclose(file);
}

static void
unescape(char *word)
{
	char	   *to = word;

	for (char *from = word; *from != '\0'; from++)
	{
		if (*from == '\\')
			*to++ = *++from == 'n' ? '\n' : *from;
		else
			*to++ = *from;
	}
	*to = '\0';
}

void
check(const Line *line, int good, const char *what)
{
	checks++;
	if (good)
		return;
	failures++;
	printf("line %d (%s): %s\n", line->number, line->words[0], what);
}

size_t
from_hex(const char *hex, unsigned char *out)
{
	size_t		length = strlen(hex) / 2;

	for (size_t i = 0; i < length; i++)
	{
		unsigned	byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(2);
		out[i] = (unsigned char) byte;
	}
	return length;
}
