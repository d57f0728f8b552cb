/*
 * refused.h
 *		Errors of ours that refuse something are records.
 *
 * The Makefile has every report of our sources end in the function below instead
 * of PostgreSQL's, so no ereport has to say that it refuses, and none can forget
 * to: its SQLSTATE tells.  42501 (insufficient_privilege) and 0A000
 * (feature_not_supported) of ours, at ERROR or above, are records.
 */
#ifndef CG_REFUSED_H
#define CG_REFUSED_H

#include "postgres.h"

#include "access/attnum.h"

/* Not for calling: the end of each ereport().  elog.h declares it by this name, too. */
extern void cg_refused_errfinish(const char *filename, int lineno, const char *funcname);

/*
 * Notes that the command under way was refused with this error.  The first of a
 * kind is on record, flushed, when it returns, if there is a journal to write to;
 * else it is tried again later.  may_look: in a transaction, and with no lock that
 * would be in the way of a look into the catalogs.  May throw.  attempts.c sets it;
 * NULL before.
 */
extern void (*cg_refused_record) (const ErrorData *error, bool may_look);

/* Is that ErrorData.funcname of the latest message of ours? */
extern bool cg_refused_is_ours(const char *funcname);

/*
 * In an ereport(), as errtable(): which relation, and column unless 0, the error
 * is about.  The record has it, and the client too.  Looks into catalogs.
 */
extern int	cg_refused_relation(Oid relid, AttrNumber attnum);

#endif							/* CG_REFUSED_H */
