/*
 * settings.c
 *		Settings for our own work, which other roles cannot change.
 *
 * The recorder connects as the bootstrap superuser, and so gets the settings of ALTER
 * DATABASE and ALTER ROLE: a read-only default, a role, a time limit.  A list of harmful
 * settings would never be complete.  So before the connection is made, every setting that
 * a session may change gets its built-in value, with a source that PostgreSQL prefers to
 * each later one.  A short list of groups (memory, WAL, statistics, when something is
 * logged) keeps the values of postgresql.conf.
 */
#include "postgres.h"

#include "libpq/pqsignal.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "compat.h"

/* A setting that keeps its value of postgresql.conf */
typedef struct Kept
{
	struct config_generic *setting;
	GucSource	source;
	GucSource	reset_source;
} Kept;

static List *kept = NIL;

static bool is_kept(const struct config_generic *setting);
static bool has_boot_value(const struct config_generic *setting);
static void lock_kept(void);

static bool
is_kept(const struct config_generic *setting)
{
	switch (setting->group)
	{
		case FILE_LOCATIONS:
		case CONN_AUTH_SETTINGS:
		case RESOURCES_MEM:
		case VACUUM_COST_DELAY:
		case WAL_SETTINGS:
		case REPLICATION_SENDING:
		case LOCK_MANAGEMENT:
		case LOGGING_WHEN:
		case PROCESS_TITLE:
		case STATS_MONITORING:
		case STATS_CUMULATIVE:
			return true;
		case CUSTOM_OPTIONS:
			/* Settings of other libraries concern the statements of users. */
			return strncmp(setting->name, "contact_guard.", strlen("contact_guard.")) == 0;
		default:
			return strcmp(setting->name, "lc_messages") == 0 ||
				strcmp(setting->name, "log_error_verbosity") == 0;
	}
}

static bool
has_boot_value(const struct config_generic *setting)
{
	return setting->vartype != PGC_STRING ||
		((const struct config_string *) setting)->boot_val != NULL;
}

void
cg_settings_lock(void)
{
	int			count;
	struct config_generic **settings = cg_compat_settings(&count);

	for (int i = 0; i < count; i++)
	{
		struct config_generic *setting = settings[i];

		if (setting->context != PGC_USERSET && setting->context != PGC_SUSET)
			continue;
		/* The connection sets this one. */
		if (strcmp(setting->name, "client_encoding") == 0)
			continue;
		if (is_kept(setting))
		{
			MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);
			Kept	   *keep = palloc(sizeof(Kept));

			keep->setting = setting;
			keep->source = setting->source;
			keep->reset_source = setting->reset_source;
			kept = lappend(kept, keep);
			MemoryContextSwitchTo(oldcontext);
			continue;
		}
		/*
		 * Settings with GUC_NO_RESET_ALL are set with each transaction, or name the role.
		 * Some have no built-in value: a reset of timezone_abbreviations would free its table.
		 */
		if ((setting->flags & GUC_NO_RESET_ALL) == 0 && setting->source != PGC_S_DEFAULT &&
			has_boot_value(setting))
		{
			setting->source = setting->reset_source = PGC_S_DEFAULT;
			(void) set_config_option(setting->name, NULL, PGC_SUSET, PGC_S_DEFAULT,
									 GUC_ACTION_SET, true, WARNING, false);
		}
		setting->source = setting->reset_source = PGC_S_OVERRIDE;
	}
	lock_kept();
}

static void
lock_kept(void)
{
	ListCell   *lc;

	foreach(lc, kept)
	{
		Kept	   *keep = lfirst(lc);

		keep->source = keep->setting->source;
		keep->reset_source = keep->setting->reset_source;
		keep->setting->source = keep->setting->reset_source = PGC_S_OVERRIDE;
	}
}

void
cg_settings_hear_reloads(void)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	ConfigReloadPending = true;
}

void
cg_settings_reload(void)
{
	ListCell   *lc;

	foreach(lc, kept)
	{
		Kept	   *keep = lfirst(lc);

		keep->setting->source = keep->source;
		keep->setting->reset_source = keep->reset_source;
	}
	ProcessConfigFile(PGC_SIGHUP);
	lock_kept();
}

void
cg_settings_pin(void)
{
	/*
	 * The journal is durable already.  If a crash takes back a commit of ours, the batch is
	 * recorded again, since the slot waits for the flush.  A flush for each commit would
	 * only slow down the readers' flushes.
	 */
	SetConfigOption("synchronous_commit", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("client_encoding", GetDatabaseEncodingName(), PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("timezone_abbreviations", "Default", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("jit", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("max_parallel_workers_per_gather", "0", PGC_SUSET, PGC_S_OVERRIDE);
}

/*
 * Pins the settings that change the meaning of a statement, the place of a new table, or
 * whether triggers and rules fire.  The user's time limits stay.  In a read-only
 * transaction our statement fails, as it should.
 */
void
cg_settings_pin_command(void)
{
	static const char *const pins[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"session_replication_role", "origin"},
		{"row_security", "on"},
		{"default_tablespace", ""},
		{"default_table_access_method", "heap"},
		{"default_toast_compression", "pglz"},
		{"standard_conforming_strings", "on"},
		{"transform_null_equals", "off"},
		{"array_nulls", "on"},
		{"quote_all_identifiers", "off"},
		{"DateStyle", "ISO, MDY"},
		{"IntervalStyle", "postgres"},
		{"TimeZone", "UTC"},
		{"bytea_output", "hex"},
		{"extra_float_digits", "1"},
		{"default_statistics_target", "100"},
		{"plan_cache_mode", "auto"},
		{"restrict_nonsystem_relation_kind", ""},
	};

	for (int i = 0; i < lengthof(pins); i++)
	{
		const char *now = GetConfigOption(pins[i][0], true, false);

		/* A look is cheaper than SET, and nearly always the value is right already. */
		if (now && strcmp(now, pins[i][1]) != 0)
			(void) set_config_option(pins[i][0], pins[i][1], PGC_SUSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);
	}
}
