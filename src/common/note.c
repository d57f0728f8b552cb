/*
 * note.c
 *		Signed notes, checkpoints, cosignatures and proof files, to the byte.
 *
 * Keys and signatures are in notekey.c.
 */
#include "common/note.h"

#include <string.h>

#define DASH "\xE2\x80\x94 "	/* the beginning of a signature line: U+2014, blank */
#define DASH_LENGTH 4
#define ASCII_DASH "-- "
#define ASCII_DASH_LENGTH 3
#define PROOF_HEADER "c2sp.org/tlog-proof@v1"

/* The rest of a text that is read line by line */
typedef struct Lines
{
	const char *next;
	const char *end;
} Lines;

static bool text_ok(const char *text, size_t length);
static bool is_space(uint32_t code);
static const char *find_signatures(const char *data, size_t length);
static bool parse_signature(const char *line, size_t length, CgSignature *signature);
static bool next_line(Lines *lines, const char **line, size_t *length);
static bool parse_hash(const char *text, size_t length, uint8_t *hash);

const char *
cg_note_message(CgNoteResult result)
{
	switch (result)
	{
		case CG_NOTE_OK:
			return "no error";
		case CG_NOTE_CRYPTO:
			return "libcrypto failed";
		case CG_NOTE_FORMAT:
			return "not in the expected format";
		case CG_NOTE_KEY_ID:
			return "the ID of the key does not belong to its name and bytes";
		case CG_NOTE_KEY_TYPE:
			return "the type of the key is not known";
		case CG_NOTE_UNSIGNED:
			return "not signed by the key";
		case CG_NOTE_FORGED:
			return "the signature is wrong";
	}
	return "unknown error";
}

bool
cg_note_name_ok(const char *name, size_t length)
{
	if (length == 0 || length > CG_NOTE_NAME_LENGTH || !text_ok(name, length))
		return false;
	for (size_t at = 0; at < length;)
	{
		uint32_t	code;

		at += cg_note_character(name + at, length - at, &code);
		if (code == '+' || is_space(code))
			return false;
	}
	return true;
}

/* Is it UTF-8 without control characters other than newlines? */
static bool
text_ok(const char *text, size_t length)
{
	for (size_t at = 0; at < length;)
	{
		uint32_t	code;
		int			width = cg_note_character(text + at, length - at, &code);

		if (width == 0 || (code < 0x20 && code != '\n'))
			return false;
		at += width;
	}
	return true;
}

int
cg_note_character(const char *text, size_t length, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t		first = (uint8_t) text[0];
	int			width = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 :
		first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;

	if (width == 0 || (size_t) width > length)
		return 0;
	*code = width == 1 ? first : first & (0x7F >> width);
	for (int i = 1; i < width; i++)
	{
		uint8_t		byte = (uint8_t) text[i];

		if ((byte & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (byte & 0x3F);
	}
	if (*code < smallest[width] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return 0;
	return width;
}

/* White_Space of Unicode */
static bool
is_space(uint32_t code)
{
	return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
		code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
		code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

CgNoteResult
cg_note_parse(const char *data, size_t length, CgNote *note)
{
	const char *signatures;
	Lines		lines;
	const char *line;
	size_t		line_length;

	if (length > CG_NOTE_LENGTH || !text_ok(data, length))
		return CG_NOTE_FORMAT;
	signatures = find_signatures(data, length);
	if (signatures == NULL)
		return CG_NOTE_FORMAT;
	note->text = data;
	note->text_length = signatures - 1 - data;
	note->nsignatures = 0;
	lines.next = signatures;
	lines.end = data + length;
	while (lines.next < lines.end)
	{
		if (note->nsignatures == CG_NOTE_SIGNATURES || !next_line(&lines, &line, &line_length) ||
			!parse_signature(line, line_length, &note->signatures[note->nsignatures]))
			return CG_NOTE_FORMAT;
		note->nsignatures++;
	}
	return note->nsignatures > 0 ? CG_NOTE_OK : CG_NOTE_FORMAT;
}

void
cg_note_put_dashes(CgBytes *out, const char *data, size_t length, bool ascii)
{
	const char *end = data + length;
	const char *signatures = find_signatures(data, length);
	const char *newline;

	if (signatures == NULL)
		signatures = end;
	cg_bytes_put(out, data, signatures - data);
	for (const char *line = signatures; line < end; line = newline)
	{
		newline = memchr(line, '\n', end - line);
		newline = newline == NULL ? end : newline + 1;
		if (end - line >= DASH_LENGTH && memcmp(line, DASH, DASH_LENGTH) == 0)
			line += DASH_LENGTH;
		else if (end - line >= ASCII_DASH_LENGTH && memcmp(line, ASCII_DASH, ASCII_DASH_LENGTH) == 0)
			line += ASCII_DASH_LENGTH;
		else
		{
			cg_bytes_put(out, line, newline - line);
			continue;
		}
		cg_bytes_put_text(out, ascii ? ASCII_DASH : DASH);
		cg_bytes_put(out, line, newline - line);
	}
}

/* The text behind the last blank line; NULL if there is no blank line. */
static const char *
find_signatures(const char *data, size_t length)
{
	for (size_t at = length; at >= 2; at--)
	{
		if (data[at - 1] == '\n' && data[at - 2] == '\n')
			return data + at;
	}
	return NULL;
}

static bool
parse_signature(const char *line, size_t length, CgSignature *signature)
{
	uint8_t		decoded[8192];
	CgBytes		bytes;
	const char *blank;

	signature->line = line;
	signature->line_length = length + 1;
	if (length < DASH_LENGTH || memcmp(line, DASH, DASH_LENGTH) != 0)
		return false;
	line += DASH_LENGTH;
	length -= DASH_LENGTH;
	blank = memchr(line, ' ', length);
	if (blank == NULL)
		return false;
	signature->name = line;
	signature->name_length = blank - line;
	signature->base64 = blank + 1;
	signature->base64_length = length - signature->name_length - 1;
	cg_bytes_init_fixed(&bytes, decoded, sizeof(decoded));
	if (!cg_note_name_ok(signature->name, signature->name_length) ||
		!cg_bytes_decode_base64(signature->base64, signature->base64_length, &bytes) ||
		bytes.length <= CG_KEY_ID_LENGTH)
		return false;
	memcpy(signature->id, decoded, CG_KEY_ID_LENGTH);
	return true;
}

/* Takes a line, without its newline.  False if it has none. */
static bool
next_line(Lines *lines, const char **line, size_t *length)
{
	const char *newline = lines->next == lines->end ? NULL :
		memchr(lines->next, '\n', lines->end - lines->next);

	if (newline == NULL)
		return false;
	*line = lines->next;
	*length = newline - lines->next;
	lines->next = newline + 1;
	return true;
}

static bool
parse_hash(const char *text, size_t length, uint8_t *hash)
{
	CgBytes		bytes;

	cg_bytes_init_fixed(&bytes, hash, CG_HASH_LENGTH);
	return cg_bytes_decode_base64(text, length, &bytes) && bytes.length == CG_HASH_LENGTH;
}

CgNoteResult
cg_note_parse_checkpoint(const char *text, size_t length, CgCheckpoint *checkpoint)
{
	Lines		lines = {text, text + length};
	const char *line;
	size_t		line_length;

	if (!text_ok(text, length))
		return CG_NOTE_FORMAT;
	if (!next_line(&lines, &line, &line_length) || line_length == 0 ||
		line_length > CG_NOTE_NAME_LENGTH)
		return CG_NOTE_FORMAT;
	memcpy(checkpoint->origin, line, line_length);
	checkpoint->origin[line_length] = '\0';
	if (!next_line(&lines, &line, &line_length) ||
		!cg_bytes_parse_decimal(line, line_length, &checkpoint->size) ||
		checkpoint->size > INT64_MAX)
		return CG_NOTE_FORMAT;
	if (!next_line(&lines, &line, &line_length) ||
		!parse_hash(line, line_length, checkpoint->root))
		return CG_NOTE_FORMAT;
	checkpoint->extended = lines.next < lines.end;
	while (lines.next < lines.end)
	{
		if (!next_line(&lines, &line, &line_length) || line_length == 0)
			return CG_NOTE_FORMAT;
	}
	return CG_NOTE_OK;
}

void
cg_note_put_checkpoint(CgBytes *out, const CgCheckpoint *checkpoint)
{
	cg_bytes_put_text(out, checkpoint->origin);
	cg_bytes_put_text(out, "\n");
	cg_bytes_put_decimal(out, checkpoint->size);
	cg_bytes_put_text(out, "\n");
	cg_bytes_put_base64(out, checkpoint->root, CG_HASH_LENGTH);
	cg_bytes_put_text(out, "\n");
}

CgNoteResult
cg_note_parse_proof(const char *data, size_t length, CgProofFile *file)
{
	Lines		lines = {data, data + length};
	const char *line;
	size_t		line_length;

	memset(file, 0, sizeof(CgProofFile));
	if (!next_line(&lines, &line, &line_length) || line_length != strlen(PROOF_HEADER) ||
		memcmp(line, PROOF_HEADER, line_length) != 0 || !next_line(&lines, &line, &line_length))
		return CG_NOTE_FORMAT;
	if (line_length >= 6 && memcmp(line, "extra ", 6) == 0)
	{
		file->extra = line + 6;
		file->extra_length = line_length - 6;
		if (!next_line(&lines, &line, &line_length))
			return CG_NOTE_FORMAT;
	}
	if (line_length < 6 || memcmp(line, "index ", 6) != 0 ||
		!cg_bytes_parse_decimal(line + 6, line_length - 6, &file->index))
		return CG_NOTE_FORMAT;
	for (;;)
	{
		if (!next_line(&lines, &line, &line_length))
			return CG_NOTE_FORMAT;
		if (line_length == 0)
			break;
		if (file->count == CG_PROOF_LENGTH ||
			!parse_hash(line, line_length, file->proof[file->count]))
			return CG_NOTE_FORMAT;
		file->count++;
	}
	file->note = lines.next;
	file->note_length = lines.end - lines.next;
	return CG_NOTE_OK;
}

void
cg_note_put_proof(CgBytes *out, const CgProofFile *file)
{
	cg_bytes_put_text(out, PROOF_HEADER "\n");
	if (file->extra != NULL)
	{
		cg_bytes_put_text(out, "extra ");
		cg_bytes_put(out, file->extra, file->extra_length);
		cg_bytes_put_text(out, "\n");
	}
	cg_bytes_put_text(out, "index ");
	cg_bytes_put_decimal(out, file->index);
	cg_bytes_put_text(out, "\n");
	for (int i = 0; i < file->count; i++)
	{
		cg_bytes_put_base64(out, file->proof[i], CG_HASH_LENGTH);
		cg_bytes_put_text(out, "\n");
	}
	cg_bytes_put_text(out, "\n");
	cg_bytes_put(out, file->note, file->note_length);
}
