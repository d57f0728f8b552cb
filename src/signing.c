/*
 * signing.c
 *		Who signs checkpoints: keys in files, or a command.
 *
 * A key that the server can read proves nothing against who runs the server; it
 * names the log, and stops those who have stolen a backup.  A command may keep the
 * key elsewhere, and may refuse.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "guc.h"
#include "notetext.h"
#include "signing.h"
#include "statefile.h"

#define KEY_LINE_LENGTH 1024

static List *split_setting(const char *setting, const char *name);
static CgNoteKey *read_key(const char *path);
static char *run_command(const char *text);

bool
cg_signing_configured(void)
{
	return cg_signing_key_file[0] != '\0' || cg_signer_command[0] != '\0';
}

static List *
split_setting(const char *setting, const char *name)
{
	List	   *parts;

	/* By its own rules for paths: quotes, and no folding of case. */
	if (!SplitDirectoriesString(pstrdup(setting), ',', &parts))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("invalid list in setting \"%s\"", name)));
	return parts;
}

static CgNoteKey *
read_key(const char *path)
{
	char		line[KEY_LINE_LENGTH] = "";
	CgNoteKey  *key = palloc(sizeof(CgNoteKey));
	struct stat st;
	FILE	   *file = AllocateFile(path, "r");

	if (file == NULL || fstat(fileno(file), &st) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open signing key \"%s\": %m", path)));
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("signing key \"%s\" can be read by others", path),
				 errhint("Its mode must be 0600.")));
	if (fgets(line, sizeof(line), file) == NULL ||
		cg_note_parse_secret_key(line, strcspn(line, "\r\n"), key) != CG_NOTE_OK ||
		key->type != CG_KEY_ED25519)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("file \"%s\" holds no signing key", path),
				 errhint("Make one with contact-guard keygen.")));
	FreeFile(file);
	explicit_bzero(line, sizeof(line));
	return key;
}

List *
cg_signing_parse_vkeys(const char *setting, const char *name)
{
	List	   *keys = NIL;
	char	   *copy = pstrdup(setting);

	for (char *text = strtok(copy, ", \n"); text; text = strtok(NULL, ", \n"))
	{
		CgNoteKey  *key = palloc(sizeof(CgNoteKey));

		if (cg_note_parse_key(text, strlen(text), key) != CG_NOTE_OK)
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
		keys = cg_signing_parse_vkeys(cg_verification_keys, "contact_guard.verification_keys");
		if (keys == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_CONFIG_FILE_ERROR),
					 errmsg("contact_guard.signer_command needs contact_guard.verification_keys")));
	}
	else
		foreach(lc, split_setting(cg_signing_key_file, "contact_guard.signing_key_file"))
			keys = lappend(keys, read_key(lfirst(lc)));
	foreach(lc, keys)
		cg_notetext_require_name(((CgNoteKey *) lfirst(lc))->name, "Make a key of another name with contact-guard keygen.");
	return keys;
}

char *
cg_signing_vkey(const CgNoteKey *key)
{
	CgBytes		out;

	cg_bytes_init_fixed(&out, palloc(KEY_LINE_LENGTH), KEY_LINE_LENGTH - 1);
	cg_note_put_key(&out, key);
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

/* The text goes through a file: a pipe to both ends of a command could fill up. */
static char *
run_command(const char *text)
{
	char	   *path = cg_statefile_path("note");
	StringInfoData out;
	char		buffer[1024];
	size_t		count;
	FILE	   *pipe;
	int			status;

	cg_statefile_write(path, text);
	pipe = OpenPipeStream(psprintf("( %s ) < '%s'", cg_signer_command, path), "r");
	if (pipe == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not run contact_guard.signer_command: %m")));
	initStringInfo(&out);
	while ((count = fread(buffer, 1, sizeof(buffer), pipe)) > 0)
		appendBinaryStringInfo(&out, buffer, count);
	status = ClosePipeStream(pipe);
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

	initStringInfo(&lines);
	if (cg_signer_command[0] != '\0')
		appendStringInfoString(&lines, run_command(text));
	else
		foreach(lc, keys)
		{
			CgBytes		line;

			cg_bytes_init_fixed(&line, palloc(KEY_LINE_LENGTH), KEY_LINE_LENGTH);
			if (cg_note_put_signature(&line, lfirst(lc), text, strlen(text), 0) != CG_NOTE_OK || line.failed)
				ereport(ERROR,
						(errcode(ERRCODE_INTERNAL_ERROR),
						 errmsg("could not sign a checkpoint")));
			appendBinaryStringInfo(&lines, (char *) line.data, line.length);
		}
	note = psprintf("%s\n%s", text, lines.data);
	if (cg_note_parse(note, strlen(note), &parsed) == CG_NOTE_OK)
		foreach(lc, keys)
			good |= cg_note_verify(&parsed, lfirst(lc), NULL) == CG_NOTE_OK;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("contact_guard.signer_command gave no good signature of contact_guard.verification_keys")));
	return lines.data;
}
