/*
 * text.c
 *		Prints text of others on the auditor's terminal.
 *
 * A server's message or a name in the log may contain characters that move the cursor, or
 * that change the colour or direction of other text.  Such characters are shown as bytes.
 */
#include "client.h"

#include <time.h>

void
text_print(FILE *out, const char *text, size_t length, const char *unescaped)
{
	const uint8_t *data = (const uint8_t *) text;

	for (size_t at = 0; at < length;)
	{
		size_t		width = text_plain_width(text + at, length - at);

		if (width == 0 && data[at] != '\0' && strchr(unescaped, data[at]) != NULL)
			width = 1;
		if (width > 0)
			fwrite(data + at, 1, width, out);
		else
			fprintf(out, "\\x%02x", data[at++]);
		at += width;
	}
}

/* A server must not write a line of its own, such as "good": see the margin. */
void
text_print_lines(FILE *out, const char *text)
{
	while (*text != '\0')
	{
		size_t		length = strcspn(text, "\n");

		text_print(out, text, length, "\\\t");
		fputc('\n', out);
		text += length;
		text += strspn(text, "\n\t ");
		if (*text != '\0')
			fputs("    | ", out);
	}
}

void
text_print_time(int64_t seconds)
{
	time_t		time = (time_t) seconds;
	struct tm	tm;
	char		text[64];

	if (gmtime_r(&time, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		printf("%lld", (long long) seconds);
	else
		fputs(text, stdout);
}

bool
text_is_plain(const char *text)
{
	size_t		length = strlen(text);

	for (size_t at = 0; at < length;)
	{
		size_t		width = text_plain_width(text + at, length - at);

		if (width == 0)
			return false;
		at += width;
	}
	return true;
}

size_t
text_plain_width(const char *text, size_t length)
{
	uint32_t	code;
	int			width = cg_note_character(text, length, &code);

	/* C0, C1, Unicode's line ends, marks of direction, and what is not seen: soft hyphens, tags */
	if (width == 0 || code < 0x20 || code == '\\' || (code >= 0x7F && code < 0xA0) ||
		code == 0xAD || code == 0x61C || (code >= 0xE0000 && code <= 0xE0FFF) ||
		(code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
		(code >= 0x2060 && code <= 0x206F) || code == 0xFEFF)
		return 0;
	return (size_t) width;
}
