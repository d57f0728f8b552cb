/*
 * signing.c
 *		Signs checkpoints, with keys in files or by a command.
 *
 * A key that the server can read proves nothing against the people who run the server.  It
 * names the log, and stops those who have stolen only a backup.  A command may keep the key
 * elsewhere, and may refuse to sign.
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/datadir.h"
#include "base/guc.h"
#include "evidence/notetext.h"
#include "evidence/signing.h"
#include "evidence/statefile.h"

#define KEY_LINE_LENGTH 1024
#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_NAP_MS 10

static pid_t command = 0;		/* the signer command that is running */
static int	command_output = -1;

static char *escaped(const char *database);
static List *split_setting(const char *setting, const char *name);
static CgNoteKey *read_signing_key(const char *path);
static void check_path(const char *path);
static void start_command(const char *shell_command);
static void stop_command(int code, Datum arg);
static int	await_command(StringInfo out);
static char *run_signing_command(const char *text);

bool
cg_signing_configured(void)
{
	return cg_signing_key_file[0] != '\0' || cg_signer_command[0] != '\0';
}

static List *
split_setting(const char *setting, const char *name)
{
	List	   *parts;

	/* Paths may be quoted, and their case is not folded. */
	if (!SplitDirectoriesString(pstrdup(setting), ',', &parts))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("invalid list in setting \"%s\"", name)));
	return parts;
}

/* A key in the data directory would be in every backup. */
static void
check_path(const char *path)
{
	char	   *canonical = pstrdup(path);

	canonicalize_path(canonical);
	if (!is_absolute_path(canonical))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("signing key \"%s\" is not an absolute path", path)));
	if (cg_datadir_has(canonical))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("signing key \"%s\" is in the data directory", path),
				 errdetail("The key would be in every backup.")));
}

static CgNoteKey *
read_signing_key(const char *path)
{
	char		line[KEY_LINE_LENGTH] = "";
	CgNoteKey  *key = palloc(sizeof(CgNoteKey));
	struct stat st;
	FILE	   *file;
	bool		read;

	check_path(path);
	file = AllocateFile(path, "r");
	if (file == NULL || fstat(fileno(file), &st) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open signing key \"%s\": %m", path)));
	read = fgets(line, sizeof(line), file) != NULL;
	/* Before the errors below, because no transaction would close the file after them. */
	FreeFile(file);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("signing key \"%s\" can be read by others", path),
				 errhint("The mode of the file must be 0600.")));
	if (!read ||
		cg_notekey_parse_secret(line, strcspn(line, "\r\n"), key) != CG_NOTE_OK ||
		key->type != CG_KEY_ED25519)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("file \"%s\" does not contain a signing key", path),
				 errhint("Create a key with contact-guard keygen.")));
	explicit_bzero(line, sizeof(line));
	return key;
}

List *
cg_signing_parse_vkeys(const char *setting, const char *name, bool skip_unknown)
{
	List	   *keys = NIL;
	char	   *copy = pstrdup(setting);

	for (char *text = strtok(copy, ", \n"); text; text = strtok(NULL, ", \n"))
	{
		CgNoteKey  *key = palloc(sizeof(CgNoteKey));
		CgNoteResult result = cg_notekey_parse(text, strlen(text), key);

		/* A key of a later kind: its signatures are those of a stranger. */
		if (skip_unknown && result == CG_NOTE_KEY_TYPE)
		{
			ereport(WARNING,
					(errcode(ERRCODE_CONFIG_FILE_ERROR),
					 errmsg("verification key \"%s\" in setting \"%s\" is of an unknown type and does not count", text, name)));
			continue;
		}
		if (result != CG_NOTE_OK)
			ereport(ERROR,
					(errcode(ERRCODE_CONFIG_FILE_ERROR),
					 errmsg("invalid verification key \"%s\" in setting \"%s\"", text, name)));
		keys = lappend(keys, key);
	}
	return keys;
}

List *
cg_signing_keys(void)
{
	List	   *keys = NIL;
	ListCell   *lc;

	if (cg_signer_command[0] != '\0')
	{
		keys = cg_signing_parse_vkeys(cg_verification_keys, "contact_guard.verification_keys", false);
		if (keys == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_CONFIG_FILE_ERROR),
					 errmsg("contact_guard.signer_command needs contact_guard.verification_keys")));
	}
	else
		foreach(lc, split_setting(cg_signing_key_file, "contact_guard.signing_key_file"))
			keys = lappend(keys, read_signing_key(lfirst(lc)));
	foreach(lc, keys)
		cg_notetext_require_name(((CgNoteKey *) lfirst(lc))->name, "Make a key of another name with contact-guard keygen.");
	return keys;
}

char *
cg_signing_origin(List *keys)
{
	if (cg_origin[0] != '\0')
		return pstrdup(cg_origin);
	return psprintf("%s/%s", ((CgNoteKey *) linitial(keys))->name, escaped(get_database_name(MyDatabaseId)));
}

/*
 * Whoever may create databases chooses their names.  A slash in one would make it look like a
 * later name of another log, and a "+" or a blank cannot be in the name of a log.
 */
static char *
escaped(const char *database)
{
	StringInfoData result;

	initStringInfo(&result);
	for (const unsigned char *at = (const unsigned char *) database; *at; at++)
		if (*at <= ' ' || *at == 0x7F || strchr("/%+", *at))
			appendStringInfo(&result, "%%%02X", *at);
		else
			appendStringInfoChar(&result, *at);
	return result.data;
}

char *
cg_signing_vkey(const CgNoteKey *key)
{
	CgBytes		out;

	cg_bytes_init_fixed(&out, palloc(KEY_LINE_LENGTH), KEY_LINE_LENGTH - 1);
	cg_notekey_put(&out, key);
	if (out.failed)
		elog(ERROR, "could not write a verification key");
	out.data[out.length] = '\0';
	return (char *) out.data;
}

bool
cg_signing_parse_checkpoint(const char *text, CgNote *note, CgCheckpoint *checkpoint)
{
	return cg_note_parse(text, strlen(text), note) == CG_NOTE_OK &&
		cg_note_parse_checkpoint(note->text, note->text_length, checkpoint) == CG_NOTE_OK;
}

/*
 * Starts the signer command.  popen() would wait for it and ignore a timeout or a shutdown.
 * The command has a process group of its own, so that processes which a shell has started
 * can be ended, too.
 */
static void
start_command(const char *shell_command)
{
	int			ends[2];

	if (pipe(ends) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not run contact_guard.signer_command: %m")));
	fflush(NULL);
	command = fork();
	if (command == 0)
	{
		(void) setpgid(0, 0);
		pqsignal(SIGPIPE, SIG_DFL);
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
		{
			close(ends[0]);
			close(ends[1]);
			execl("/bin/sh", "sh", "-c", shell_command, (char *) NULL);
		}
		_exit(127);
	}
	close(ends[1]);
	command_output = ends[0];
	if (command < 0)
	{
		command = 0;
		stop_command(0, (Datum) 0);
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not run contact_guard.signer_command: %m")));
	}
	(void) setpgid(command, command);
}

/* The command must not stay behind, however this process ends. */
static void
stop_command(int code, Datum arg)
{
	if (command != 0)
	{
		(void) kill(-command, SIGKILL);
		(void) waitpid(command, NULL, 0);
		command = 0;
	}
	if (command_output >= 0)
		close(command_output);
	command_output = -1;
}

/* Reads the command's output and its exit status.  ERROR if it does not end in time. */
static int
await_command(StringInfo out)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), cg_signer_timeout * 1000L);
	bool		ended = false;
	int			status = 0;

	while (!ended || waitpid(command, &status, WNOHANG) != command)
	{
		char		buffer[1024];
		ssize_t		count;
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		int			events = WL_TIMEOUT | WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;

		if (left <= 0 || out->len > COMMAND_OUTPUT_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
					 left <= 0 ? errmsg("contact_guard.signer_command took more than %d s", cg_signer_timeout) :
					 errmsg("contact_guard.signer_command printed more than %d bytes", COMMAND_OUTPUT_MAX)));
		events = WaitLatchOrSocket(MyLatch, ended ? events : events | WL_SOCKET_READABLE,
								   ended ? PGINVALID_SOCKET : command_output,
								   ended ? Min(left, COMMAND_NAP_MS) : left, PG_WAIT_EXTENSION);
		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (!(events & WL_SOCKET_READABLE))
			continue;
		count = read(command_output, buffer, sizeof(buffer));
		if (count > 0)
			appendBinaryStringInfo(out, buffer, count);
		else if (count == 0 || errno != EINTR)
			ended = true;
	}
	command = 0;
	return status;
}

/* The command reads the text from a file: with two pipes both could fill up. */
static char *
run_signing_command(const char *text)
{
	/* The recorder of another database may sign at the same time. */
	char	   *path = cg_statefile_path(psprintf("note.%u", MyDatabaseId));
	StringInfoData out;
	int			status;

	cg_statefile_write(path, text);
	initStringInfo(&out);
	start_command(psprintf("( %s ) < '%s'", cg_signer_command, path));
	PG_ENSURE_ERROR_CLEANUP(stop_command, (Datum) 0);
	{
		status = await_command(&out);
	}
	PG_END_ENSURE_ERROR_CLEANUP(stop_command, (Datum) 0);
	stop_command(0, (Datum) 0);
	/* The wait has reset the latch, which may have been set for another reason. */
	SetLatch(MyLatch);
	if (status != 0)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("contact_guard.signer_command failed: %s", wait_result_to_str(status))));
	return out.data;
}

char *
cg_signing_sign(const char *text, List *keys)
{
	StringInfoData lines;
	ListCell   *lc;
	char	   *note;
	CgNote		parsed;
	bool		good = false;
	bool		forged = false;

	initStringInfo(&lines);
	if (cg_signer_command[0] != '\0')
		appendStringInfoString(&lines, run_signing_command(text));
	else
		foreach(lc, keys)
		{
			CgBytes		line;

			cg_bytes_init_fixed(&line, palloc(KEY_LINE_LENGTH), KEY_LINE_LENGTH);
			if (cg_notekey_put_signature(&line, lfirst(lc), text, strlen(text), 0) != CG_NOTE_OK || line.failed)
				ereport(ERROR,
						(errcode(ERRCODE_INTERNAL_ERROR),
						 errmsg("could not sign a checkpoint")));
			appendBinaryStringInfo(&lines, (char *) line.data, line.length);
		}
	note = psprintf("%s\n%s", text, lines.data);
	if (cg_note_parse(note, strlen(note), &parsed) == CG_NOTE_OK)
		foreach(lc, keys)
		{
			CgNoteResult result = cg_notekey_verify(&parsed, lfirst(lc), NULL);

			good |= result == CG_NOTE_OK;
			/* A verifier that has this key would report the log as forged. */
			forged |= result != CG_NOTE_OK && result != CG_NOTE_UNSIGNED;
		}
	if (!good || forged)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("contact_guard.signer_command returned no valid signature of a key in contact_guard.verification_keys")));
	return lines.data;
}
