/*
 * floor.c
 *		The least that a durable record of a read can cost: a message in WAL that no
 *		transaction can take back, and the wait until it is on disk.
 *
 * From PostgreSQL 17 on pg_logical_emit_message() can do both.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "replication/message.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(flushed_message);

Datum
flushed_message(PG_FUNCTION_ARGS)
{
	text	   *message = PG_GETARG_TEXT_PP(0);

	XLogFlush(LogLogicalMessage("bench", VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message), false));
	PG_RETURN_VOID();
}
