/*
 * text.c
 *		Prints text of others on the auditor's terminal.
 *
 * A server's message or a name in the log may contain characters that move the cursor, or
 * that change the colour or direction of other text.  Such characters are shown as bytes.
 */
#include "client.h"

#include <time.h>

/*
 * C0, C1, and what Unicode calls format characters (Cf), but for those that are seen, line and
 * paragraph separators, default ignorable code points, which are not seen, and no characters.
 */
static const uint32_t hidden[][2] = {
	{0, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
	{0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFDD0, 0xFDEF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
	{0xFFF0, 0xFFFB}, {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}
};

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

	/* The last two code points of each plane are no characters. */
	if (width == 0 || code == '\\' || (code & 0xFFFE) == 0xFFFE)
		return 0;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i][0] && code <= hidden[i][1])
			return 0;
	return (size_t) width;
}
