/*
 * main.c
 *		contact-guard: checks and witnesses the evidence of contact_guard, and monitors it.
 */
#include "monitor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* libpq collects what the server sends, and a server may send without end. */
#define MEMORY_BYTES (UINT64_C(4) << 30)

/* gcc and clang say in different ways that they build with AddressSanitizer. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

CgHasher	hasher;
void		(*before_failure) (const char *why);

static void limit_memory(void);
static void put_report(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static const struct
{
	const char *name;
	int			(*run) (int argc, char **argv);
	const char *usage;
}			commands[] = {
	{"verify", run_verify, "[CONNINFO] [--from SEQ] [--to SEQ] [--checkpoint FILE] [--max-age SECONDS] [--views] [KEYS]"},
	{"who-read", run_question, "[CONNINFO] --customer KEY [--since TIME] [--until TIME] [--checkpoint FILE] [--max-age SECONDS] [KEYS]"},
	{"reads-by", run_question, "[CONNINFO] --actor NAME [the same]"},
	{"withheld", run_question, "[CONNINFO] [--since TIME] [--until TIME] [the same]"},
	{"after-close", run_question, "[CONNINFO] [--since TIME] [--until TIME] [the same]"},
	{"report", run_report, "[CONNINFO] --customer KEY... --reference TEXT --out DIR [--since TIME] [--until TIME] [--received DAY] [--language en|fr] [--timezone ZONE] [--categories FILE] [--controller TEXT] [--authority TEXT] [--name-readers DECISION] [KEYS]"},
	{"witness", run_witness, "[CONNINFO] --state DIR [--key FILE] [--every SECONDS] [--max-age SECONDS] [--vkey KEY|FILE]"},
	{"proof", run_proof, "[CONNINFO] --seq SEQ [--to SEQ] [--out FILE|DIR] [--sealed | --open GROUP...] [KEYS]"},
	{"check-proof", run_check_proof, "FILE KEYS"},
	{"export", run_export, "[CONNINFO] DIR [--entries] [KEYS]"},
	{"pages", run_pages, "[CONNINFO] DIR [--since TIME] [--until TIME] [--customer KEY]... [--actor NAME]... [--verified FILE]"},
	{"push", run_push, "[CONNINFO] --policy FILE [--vkey KEY|FILE]"},
	{"fetch-jwks", run_fetch_jwks, "URL --out FILE"},
	{"check", run_check, "[CONNINFO] [--warn-lag BYTES] [--crit-lag BYTES] [--warn-age SECONDS] [--crit-age SECONDS] [--accept TEXT]"},
	{"metrics", run_metrics, "[CONNINFO]"},
	{"salvage", run_salvage, "PGDATA [CONNINFO] [--since POSITION] [--timeline N] [--json] [--bindir DIR]"},
	{"keygen", run_keygen, "--origin NAME --out FILE [--witness]"}
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_help(void)
{
	printf("contact-guard checks the access log of contact_guard against its signed tree,\nand tells monitoring systems how contact_guard does.\n\nUsage:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  contact-guard %s %s\n", commands[i].name, commands[i].usage);
	printf("\nKEYS is --vkey KEY|FILE, the log's key, or --policy FILE, which also names witnesses.\n"
		   "CONNINFO is a connection string of libpq; PGHOST and the like count as well.\n"
		   "Commands with a connection take --timeout SECONDS (%d; check and metrics %d), too.\n"
		   "Exit status: 0 good, 1 evidence of tampering, 2 could not check; of check: 0 OK,\n"
		   "1 WARNING, 2 CRITICAL, 3 UNKNOWN, as plugins of Nagios have it.\n"
		   "More is in contact-guard(1).\n", USUAL_PATIENCE, MONITOR_PATIENCE);
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0)
	{
		print_help();
		return EXIT_GOOD;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
	{
		printf("contact-guard %s\n", CG_VERSION);
		return EXIT_GOOD;
	}
	limit_memory();
	if (cg_hasher_open(&hasher) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "libcrypto has no SHA-256");
	for (size_t i = 0; i < COMMANDS; i++)
	{
		if (strcmp(commands[i].name, name) == 0)
		{
			int			code = commands[i].run(argc - 1, argv + 1);

			/* If the report could not be written, the result is not good. */
			if (fflush(stdout) != 0 && code == EXIT_GOOD)
				fail(EXIT_UNCHECKED, "could not write to stdout");
			return code;
		}
	}
	if (argc > 1)
		fail(EXIT_UNCHECKED, "no command \"%s\"; try contact-guard --help", name);
	fail(EXIT_UNCHECKED, "no command; try contact-guard --help");
}

static void
limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__	/* the sanitizer needs terabytes of addresses */
	struct rlimit limit;

	if (sizeof(void *) > 4 && getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur > MEMORY_BYTES)
	{
		limit.rlim_cur = MEMORY_BYTES;
		(void) setrlimit(RLIMIT_AS, &limit);
	}
#endif
}

static void
put_report(const char *format, va_list arguments)
{
	char		text[8192];

	progress_clear();
	fflush(stdout);
	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "contact-guard: ");
	/* Escaped, because much of the text comes from the server.  libpq's own text has lines. */
	text_print_lines(stderr, text);
}

void
say(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	put_report(format, arguments);
	va_end(arguments);
}

void
fail(int code, const char *format,...)
{
	va_list		arguments;
	void		(*before) (const char *why) = before_failure;
	char		text[8192];

	before_failure = NULL;
	if (before != NULL)
	{
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		before(text);
	}
	va_start(arguments, format);
	put_report(format, arguments);
	va_end(arguments);
	exit(code);
}

void *
allocate(size_t size)
{
	return reallocate(NULL, size);
}

void *
reallocate(void *memory, size_t size)
{
	memory = realloc(memory, size > 0 ? size : 1);
	if (memory == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	return memory;
}

int64_t
parse_number(const char *option, const char *text, int64_t least)
{
	uint64_t	value;

	if (!cg_bytes_parse_decimal(text, strlen(text), &value) || value > INT64_MAX ||
		(int64_t) value < least)
		fail(EXIT_UNCHECKED, "option %s: not a number of %lld or more: \"%s\"", option,
			 (long long) least, text);
	return (int64_t) value;
}
