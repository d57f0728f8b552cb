/*
 * guc.c
 *		The settings contact_guard.*.
 *
 * Only a superuser can set them: a reader could otherwise weaken the record of his reads.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/guc.h"

int			cg_copies = CG_COPIES_REFUSE;
int			cg_durability = CG_DURABILITY_SHOWN;
int			cg_withheld_detail = 5;
char	   *cg_signing_key_file = NULL;
char	   *cg_signer_command = NULL;
int			cg_signer_timeout = 10;
char	   *cg_origin = NULL;
char	   *cg_state_directory = NULL;
bool		cg_state_directory_shared = false;
char	   *cg_verification_keys = NULL;
char	   *cg_witness_keys = NULL;
int			cg_checkpoint_interval = 10;
int			cg_heartbeat_interval = 10 * 60;
int			cg_max_databases = 256;
int			cg_max_backlog = 1024 * 1024;
int			cg_min_free_space = 256;
int			cg_min_retention = 180 * 24 * 60;

int			cg_identity = CG_IDENTITY_OFF;
int			cg_identity_replay = CG_IDENTITY_REPLAY_ALLOW;
char	   *cg_identity_keys = NULL;
char	   *cg_identity_audience = NULL;
char	   *cg_identity_issuer = NULL;
int			cg_identity_leeway = 30;
int			cg_identity_max_age = 60 * 60;

int			cg_standby_reads = CG_STANDBY_WITHHOLD;
char	   *cg_primary_conninfo = NULL;
int			cg_primary_timeout = 10 * 1000;

char	   *cg_relay_country_code = NULL;

static bool check_country_code(char **newval, void **extra, GucSource source);
static void init_identity(void);
static void init_standby(void);

static const struct config_enum_entry standby_options[] = {
	{"withhold", CG_STANDBY_WITHHOLD, false},
	{"forward", CG_STANDBY_FORWARD, false},
	{NULL, 0, false}
};

static const struct config_enum_entry identity_options[] = {
	{"off", CG_IDENTITY_OFF, false},
	{"allowed", CG_IDENTITY_ALLOWED, false},
	{"required", CG_IDENTITY_REQUIRED, false},
	{NULL, 0, false}
};

static const struct config_enum_entry replay_options[] = {
	{"allow", CG_IDENTITY_REPLAY_ALLOW, false},
	{"refuse", CG_IDENTITY_REPLAY_REFUSE, false},
	{NULL, 0, false}
};

static const struct config_enum_entry durability_options[] = {
	{"shown", CG_DURABILITY_SHOWN, false},
	{"strict", CG_DURABILITY_STRICT, false},
	{"relaxed", CG_DURABILITY_RELAXED, false},
	{NULL, 0, false}
};

static const struct config_enum_entry copies_options[] = {
	{"refuse", CG_COPIES_REFUSE, false},
	{"record", CG_COPIES_RECORD, false},
	{NULL, 0, false}
};

void
cg_guc_init(void)
{
	DefineCustomEnumVariable("contact_guard.copies",
							 "Whether values that an open window shows may be stored elsewhere.",
							 "Roles with a standing permission may store what they are shown in any case.",
							 &cg_copies, CG_COPIES_REFUSE, copies_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("contact_guard.durability",
							 "How durable a read's record is before the answer leaves the server.",
							 "shown: flushed, and acknowledged by synchronous standbys whatever the reader's synchronous_commit, but for reads that were withheld; strict: those, too; relaxed: none.",
							 &cg_durability, CG_DURABILITY_SHOWN, durability_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.max_backlog",
							"Size of the unrecorded journal of a database at which guarded values are refused.",
							NULL, &cg_max_backlog, 1024 * 1024, 64, MAX_KILOBYTES,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	/* A session that loads the library has no shared memory, but knows the name. */
	DefineCustomIntVariable("contact_guard.max_databases",
							"Number of databases of this server that can have the extension.",
							NULL, &cg_max_databases, 256, 1, 10000,
							process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP,
							0, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.min_free_space",
							"Free space of the file system of pg_wal below which guarded values are refused.",
							"0: PostgreSQL goes on until the disk is full, and stops then.",
							&cg_min_free_space, 256, 0, MAX_KILOBYTES / 1024,
							PGC_SIGHUP, GUC_UNIT_MB, NULL, NULL, NULL);
	/*
	 * Not PGC_SUSET: a superuser who calls purge() must not be able to lower the limit in
	 * the same session.
	 */
	DefineCustomIntVariable("contact_guard.min_retention",
							"Age below which records of the access log cannot be purged.",
							NULL, &cg_min_retention, 180 * 24 * 60, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.withheld_detail",
							"Number of customers that the withheld records of one execution may name.",
							"An execution that withholds from more has one record with the number of rows, and names nobody.",
							&cg_withheld_detail, 5, 0, 65536,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.checkpoint_interval",
							"Time between signed checkpoints while the access log grows.",
							NULL, &cg_checkpoint_interval, 10, 1, 24 * 60 * 60,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.heartbeat_interval",
							"Time after which a log that signs checkpoints gets a heartbeat record if nothing else happens.",
							NULL, &cg_heartbeat_interval, 10 * 60, 1, 24 * 60 * 60,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.signing_key_file",
							   "Files with the secret keys that sign checkpoints, separated by commas.",
							   "Made by contact-guard keygen, mode 0600, outside the data directory.  With two, both sign: that is how a key is rotated.",
							   &cg_signing_key_file, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.signer_command",
							   "Shell command that signs checkpoints: the note's text comes on its standard input, signature lines on its standard output.",
							   "Used instead of signing_key_file; contact_guard.verification_keys and state_directory must be set.",
							   &cg_signer_command, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.signer_timeout",
							"Time after which contact_guard.signer_command is ended.",
							"Records are not stored meanwhile.",
							&cg_signer_timeout, 10, 1, 600,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.origin",
							   "Name of the log in its checkpoints.",
							   "By default the name of the first signing key.",
							   &cg_origin, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.state_directory",
							   "Directory, outside the data directory, of the file that has the last checkpoint signed.",
							   "By default that of the first signing key.",
							   &cg_state_directory, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomBoolVariable("contact_guard.state_directory_shared",
							 "Whether all servers of the cluster have one directory of the files with the last checkpoints signed.",
							 "Only then a promoted server knows what the old one has signed, and may keep the name of the log.",
							 &cg_state_directory_shared, false,
							 PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.verification_keys",
							   "Verification keys of contact_guard.signer_command, separated by commas.",
							   NULL, &cg_verification_keys, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.witness_keys",
							   "Verification keys of witnesses whose cosignatures are accepted, separated by commas.",
							   NULL, &cg_witness_keys, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	/* PGC_SUSET, and not in the file alone: databases may be of several countries. */
	DefineCustomStringVariable("contact_guard.relay_country_code",
							   "Country code of national numbers, such as 33, for the comparison with numbers of callers.",
							   "While it is empty only numbers in international form are known by relay numbers.",
							   &cg_relay_country_code, "",
							   PGC_SUSET, 0, check_country_code, NULL, NULL);
	init_identity();
	init_standby();
	MarkGUCPrefixReserved("contact_guard");
}

static bool
check_country_code(char **newval, void **extra, GucSource source)
{
	return strlen(*newval) <= 3 && strspn(*newval, "0123456789") == strlen(*newval) && **newval != '0';
}

/* Not PGC_SUSET: a session must not choose by whom it lets itself be told who it is. */
static void
init_identity(void)
{
	DefineCustomEnumVariable("contact_guard.identity",
							 "Whether pools name their users by signed tokens.",
							 "off: no tokens; allowed: act_as() and act_as_token(); required: act_as_token() alone.",
							 &cg_identity, CG_IDENTITY_OFF, identity_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.identity_keys",
							   "File with the public keys that verify tokens, a JWK Set.",
							   "An absolute path outside the data directory.  It is read when the server starts and when the configuration is reloaded; if it is broken, the keys stay that were read before.",
							   &cg_identity_keys, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.identity_audience",
							   "Audience (aud) that a token must be meant for.",
							   "While it is empty no token is accepted.",
							   &cg_identity_audience, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.identity_issuer",
							   "Issuer (iss) that a token must be of; empty: any.",
							   NULL, &cg_identity_issuer, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.identity_leeway",
							"By how much the clock of a token's issuer may differ from that of the database.",
							NULL, &cg_identity_leeway, 30, 0, 5 * 60,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.identity_max_age",
							"Longest life of a token, from its issue (iat) to its end (exp).",
							NULL, &cg_identity_max_age, 60 * 60, 1, 30 * 24 * 60 * 60,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomEnumVariable("contact_guard.identity_replay",
							 "Whether several sessions may use one token at a time.",
							 "refuse: a token must have a number (jti), and is for the session that shows it first, until that ends.",
							 &cg_identity_replay, CG_IDENTITY_REPLAY_ALLOW, replay_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
}

/* Not PGC_SUSET: which server decides is not for a session to say. */
static void
init_standby(void)
{
	DefineCustomEnumVariable("contact_guard.standby_reads",
							 "What a hot standby does when a guarded column is read.",
							 "withhold: nothing is shown; forward: the primary decides, and keeps the record before the value leaves the standby.",
							 &cg_standby_reads, CG_STANDBY_WITHHOLD, standby_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("contact_guard.primary_conninfo",
							   "Connection string to the primary, for a member of contact_guard_forwarder.",
							   "It may name several hosts: the one that is not a standby is asked.  The database is the session's.",
							   &cg_primary_conninfo, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.primary_timeout",
							"Time for which a session of a standby waits for the primary's answer.",
							"After it the read of a guarded column fails.",
							&cg_primary_timeout, 10 * 1000, 100, 10 * 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
}

const char *
cg_guc_durability_name(void)
{
	return durability_options[cg_durability].name;
}
