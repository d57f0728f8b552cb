/*
 * fetchjwks.c
 *		contact-guard fetch-jwks: brings the public keys of an identity provider into a file.
 *
 * A database server opens no connections to verify a token.  So the keys come by cron, and the
 * server reads the file when it is told to.  The keys are read here by the same code as there,
 * so a file that the server would not take never replaces one that it has taken.
 */
#include "client.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jwks.h"
#include "http.h"

#define MOST_SECONDS 30

static bool is_trustworthy(const char *url);
static bool is_host_of(const char *url, const char *prefix);
static bool is_same_file(const char *path, const CgBytes *text);
static void show_keys(const CgJwks *set);

int
run_fetch_jwks(int argc, char **argv)
{
	static const struct option options[] = {{"out", required_argument, NULL, 'o'}, {0}};
	const char *out = NULL;
	const char *url = NULL;
	const char *why;
	CgBytes		answer;
	CgJwks		set;
	long		status;
	int			c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
	{
		if (c != 'o')
			return EXIT_UNCHECKED;
		out = optarg;
	}
	if (optind < argc)
		url = argv[optind++];
	if (url == NULL || out == NULL || optind < argc)
		fail(EXIT_UNCHECKED, "fetch-jwks needs URL and --out FILE");
	if (!is_trustworthy(url))
		fail(EXIT_UNCHECKED, "keys come by https only: whoever is on the way could replace them");
	cg_bytes_init(&answer);
	status = http_get(url, MOST_SECONDS, &answer, &why);
	if (status == 0)
		fail(EXIT_UNCHECKED, "no answer from \"%s\": %s", url, why);
	if (status != 200)
		fail(EXIT_UNCHECKED, "\"%s\" answers with status %ld", url, status);
	why = cg_jwks_parse((const char *) answer.data, answer.length, &set);
	/* The server would take such a file, and accept nobody. */
	if (why == NULL && set.count == 0)
		why = "it has no key for EdDSA, ES256 or RS256";
	if (why)
		fail(EXIT_UNCHECKED, "what \"%s\" sends is not a set of keys: %s", url, why);
	/* Others must not be able to write it, or the server would not take it. */
	(void) umask(S_IWGRP | S_IWOTH);
	if (is_same_file(out, &answer))
		printf("unchanged: %s\n", out);
	else
	{
		file_write(out, answer.data, answer.length);
		printf("written: %s\n", out);
	}
	show_keys(&set);
	cg_jwks_free(&set);
	cg_bytes_free(&answer);
	return EXIT_GOOD;
}

/* Is what comes from there what was sent there?  On one machine it is. */
static bool
is_trustworthy(const char *url)
{
	return strncmp(url, "https://", 8) == 0 || is_host_of(url, "http://127.0.0.1") ||
		is_host_of(url, "http://localhost") || is_host_of(url, "http://[::1]");
}

static bool
is_host_of(const char *url, const char *prefix)
{
	size_t		length = strlen(prefix);
	const char *end;

	if (strncmp(url, prefix, length) != 0 || (url[length] != ':' && url[length] != '/'))
		return false;
	/* http://127.0.0.1:x@elsewhere/ is elsewhere. */
	end = url + length + strcspn(url + length, "/?#");
	return memchr(url, '@', end - url) == NULL;
}

static bool
is_same_file(const char *path, const CgBytes *text)
{
	char		room[CG_JWKS_FILE_LENGTH + 1];
	FILE	   *file = fopen(path, "r");
	size_t		length;

	if (file == NULL)
		return false;
	length = fread(room, 1, sizeof(room), file);
	fclose(file);
	return length == text->length && memcmp(room, text->data, length) == 0;
}

static void
show_keys(const CgJwks *set)
{
	for (int i = 0; i < set->count; i++)
		printf("%s %s\n", set->keys[i].thumbprint, set->keys[i].kid);
	if (set->ignored > 0)
		printf("ignored: %d keys of other kinds or uses\n", set->ignored);
}
