/*
 * restored.c
 *		contact-guard verify: rows of other logs, which dumps have brought.
 *
 * They are in no tree of this database.  The record of their coming is, and has their hash.
 * The server computes that hash again by SQL of ours: so it shows what was changed in the
 * table, and not what a server answers that lies.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "common/restored.h"

#define CAME "a dump was restored: "

static char *ask_now(PGconn *conn, const char *sql);

/* Notes the record of a coming, and records of what may change restored rows after it. */
void
note_restored(Verify *verify, const CgLeaf *leaf)
{
	const char *now;

	if (leaf->event == CG_EVENT_PURGE || leaf->event == CG_EVENT_ERASURE)
		verify->last_removal = leaf->seq;
	if (leaf->event != CG_EVENT_EPOCH || leaf->reason.data == NULL || leaf->reason.length < strlen(CAME) ||
		memcmp(leaf->reason.data, CAME, strlen(CAME)) != 0)
		return;
	now = memmem(leaf->reason.data, leaf->reason.length, CG_RESTORED_NOW, strlen(CG_RESTORED_NOW));
	if (now == NULL)
		return;
	now += strlen(CG_RESTORED_NOW);
	snprintf(verify->restored, sizeof(verify->restored), "%.*s",
			 (int) (leaf->reason.data + leaf->reason.length - now), now);
	verify->restored_seq = leaf->seq;
}

/* NULL, and a line, if the server does not say. */
static char *
ask_now(PGconn *conn, const char *sql)
{
	PGresult   *result = server_execute(conn, sql, 0, NULL);
	char	   *text = NULL;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && PQnfields(result) == 1 &&
		!PQgetisnull(result, 0, 0))
		text = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return text;
}

void
check_restored(Verify *verify)
{
	char	   *now = ask_now(verify->conn, CG_RESTORED_SQL);

	if (now == NULL)
	{
		if (verify->restored[0] != '\0')
			printf("restored rows: the server does not say what they are now\n");
		return;
	}
	if (strncmp(now, "0 rows,", 7) != 0 || verify->restored[0] != '\0')
		printf("restored rows are outside of this tree: %.*s", (int) strcspn(now, ","), now);
	if (verify->restored[0] == '\0')
	{
		if (strncmp(now, "0 rows,", 7) != 0)
			printf("; no record says what they were when they came\n");
	}
	else if (strcmp(now, verify->restored) == 0)
		printf(", which are those that came by record seq %lld\n", (long long) verify->restored_seq);
	else if (verify->last_removal > verify->restored_seq)
		printf("; since they came (record seq %lld: %s) rows were purged or erased, and they cannot be compared\n",
			   (long long) verify->restored_seq, verify->restored);
	else
	{
		printf("\n");
		find(verify, -1, "the restored rows are not those that came by record seq %lld (%s): %s",
			 (long long) verify->restored_seq, verify->restored, now);
	}
	free(now);
}
