/*
 * notetext.c
 *		Signed notes as text of a database.
 *
 * A note is UTF-8, and each signature line begins with an em dash.  LATIN1 and other
 * encodings do not have this character.  In such a database it is "--", and contact-guard
 * puts the dash back.  Names must be ASCII there, so that there are no other differences.
 */
#include "postgres.h"

#include "common/string.h"
#include "mb/pg_wchar.h"

#include "common/note.h"
#include "evidence/notetext.h"

static char *
with_dashes(const char *data, bool ascii)
{
	size_t		length = strlen(data);
	size_t		room = 2 * length + 1;	/* "-- " has 3 bytes and grows by one */
	CgBytes		out;

	cg_bytes_init_fixed(&out, palloc(room), room - 1);
	cg_note_put_dashes(&out, data, length, ascii);
	out.data[out.length] = '\0';
	return (char *) out.data;
}

static bool
is_unicode(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
}

char *
cg_notetext_from_note(const char *note)
{
	return with_dashes(note, !is_unicode());
}

char *
cg_notetext_to_note(const char *text)
{
	return with_dashes(text, false);
}

void
cg_notetext_require_name(const char *name, const char *hint)
{
	if (!cg_note_name_ok(name, strlen(name)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" cannot be the name of a log or a key", name),
				 errdetail("The name contains blanks or \"+\", is not UTF-8, or is longer than %d bytes.", CG_NOTE_NAME_LENGTH),
				 errhint("%s", hint)));
	if (!is_unicode() && !pg_is_ascii(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" cannot be the name of a log or a key in a database of encoding %s", name,
						GetDatabaseEncodingName()),
				 errdetail("Only ASCII characters are the same in this encoding and in UTF-8."),
				 errhint("%s", hint)));
}
