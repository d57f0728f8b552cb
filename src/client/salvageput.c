/*
 * salvageput.c
 *		A record that was found, as a line of text or of JSON.
 */
#include "salvage.h"

#include <string.h>

#include "cells.h"
#include "common/event.h"

typedef enum Kind
{
	KIND_TEXT,
	KIND_NAMES,
	KIND_NUMBER,
	KIND_LONG,					/* 64 bits that mean no quantity: a text in JSON */
	KIND_TIME
} Kind;

typedef struct Field
{
	const char *name;
	Kind		kind;
	CgLeafText	text;
	const int64_t *number;		/* a time, too; NULL: none */
} Field;

#define FIELDS 25

static CgLeafText field_text_of(const char *text);
static void fill_fields(Field *fields, const Salvaged *record, const char *database);
static void put_json_string(CgLeafText text);
static void put_cell(const Field *field, const Salvaged *record);
static void put_member(const Field *field, const Salvaged *record);

static CgLeafText
field_text_of(const char *text)
{
	return (CgLeafText) {text, strlen(text)};
}

static void
fill_fields(Field *fields, const Salvaged *record, const char *database)
{
	static char position[32];
	const char *event = cg_event_name(record->event);
	const Field all[FIELDS] = {
		{"position", KIND_TEXT, field_text_of(position)},
		{"database", KIND_TEXT, field_text_of(database)},
		{"read_at", KIND_TIME, {0}, &record->read_at},
		{"event", KIND_TEXT, field_text_of(event != NULL ? event : "unknown")},
		{"actor", KIND_TEXT, record->actor},
		{"login", KIND_TEXT, record->login},
		{"relation", KIND_TEXT, record->relation},
		{"columns", KIND_NAMES},
		{"customer", KIND_TEXT, record->customer},
		{"count", KIND_NUMBER, {0}, &record->count},
		{"intervention", KIND_TEXT, record->intervention},
		{"closed_at", KIND_TIME, {0}, record->closed_at},
		{"purpose", KIND_TEXT, record->purpose},
		{"reason", KIND_TEXT, record->reason},
		{"client", KIND_TEXT, record->client},
		{"application", KIND_TEXT, record->application},
		{"session", KIND_TEXT, field_text_of(record->session)},
		{"statement", KIND_LONG, {0}, record->statement != 0 ? &record->statement : NULL},
		{"query_id", KIND_LONG, {0}, record->query_id != 0 ? &record->query_id : NULL},
		{"identity", KIND_TEXT, record->identity},
		{"technician", KIND_TEXT, record->technician},
		{"opens_at", KIND_TIME, {0}, record->opens_at},
		{"closes_at", KIND_TIME, {0}, record->closes_at},
		{"previous_opens_at", KIND_TIME, {0}, record->previous_opens_at},
		{"previous_closes_at", KIND_TIME, {0}, record->previous_closes_at}
	};

	memcpy(fields, all, sizeof(all));
	snprintf(position, sizeof(position), POSITION, POSITION_ARGS(record->message->position));
	fields[0].text = field_text_of(position);
}

/* A byte that is not UTF-8, of a database in another encoding, is U+FFFD. */
static void
put_json_string(CgLeafText text)
{
	putchar('"');
	for (size_t at = 0; at < text.length;)
	{
		uint32_t	code;
		int			width = cg_note_character(text.data + at, text.length - at, &code);

		if (width == 0)
			fputs("\\ufffd", stdout);
		else if (code < 0x20 || code == '"' || code == '\\')
			printf("\\u%04x", code);
		else
			fwrite(text.data + at, 1, (size_t) width, stdout);
		at += width > 0 ? (size_t) width : 1;
	}
	putchar('"');
}

static void
put_cell(const Field *field, const Salvaged *record)
{
	if (field->kind == KIND_TEXT)
		cell_put_text(stdout, field->text);
	else if (field->kind == KIND_NAMES)
		cell_put_names(stdout, record->ncolumns > 0 ? record->columns : NULL, record->ncolumns);
	else if (field->kind == KIND_TIME)
		cell_put_time(stdout, field->number);
	else
		cell_put_number(stdout, field->number);
}

static void
put_member(const Field *field, const Salvaged *record)
{
	bool		quoted = field->kind == KIND_TIME || field->kind == KIND_LONG;

	printf("\"%s\": ", field->name);
	if (field->kind == KIND_NAMES && record->ncolumns > 0)
	{
		for (int i = 0; i < record->ncolumns; i++)
		{
			fputs(i > 0 ? ", " : "[", stdout);
			put_json_string(record->columns[i]);
		}
		putchar(']');
	}
	else if (field->kind == KIND_TEXT && field->text.data != NULL)
		put_json_string(field->text);
	else if (field->number == NULL)
		fputs("null", stdout);
	else
	{
		fputs(quoted ? "\"" : "", stdout);
		put_cell(field, record);
		fputs(quoted ? "\"" : "", stdout);
	}
}

void
salvage_put_names(void)
{
	Field		fields[FIELDS];

	fill_fields(fields, &(Salvaged) {.message = &(Message) {0}}, "");
	for (int i = 0; i < FIELDS; i++)
		printf("%s%c", fields[i].name, i < FIELDS - 1 ? '\t' : '\n');
}

void
salvage_put(const Salvaged *record, const char *database, bool json)
{
	Field		fields[FIELDS];

	fill_fields(fields, record, database);
	for (int i = 0; i < FIELDS; i++)
	{
		if (json)
		{
			fputs(i > 0 ? ", " : "{", stdout);
			put_member(&fields[i], record);
		}
		else
		{
			put_cell(&fields[i], record);
			putchar(i < FIELDS - 1 ? '\t' : '\n');
		}
	}
	if (json)
		fputs("}\n", stdout);
}
