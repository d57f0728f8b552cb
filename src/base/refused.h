/*
 * refused.h
 *		Our errors that refuse something are recorded.
 *
 * The Makefile makes every report of our sources end in the function below and not in
 * PostgreSQL's.  So an ereport need not say that it refuses, and cannot forget to: its
 * SQLSTATE tells.  Our errors 42501 (insufficient_privilege), 0A000
 * (feature_not_supported) and 28000 (invalid_authorization_specification, a token) are
 * recorded, at level ERROR or above.
 */
#ifndef CG_REFUSED_H
#define CG_REFUSED_H

#include "postgres.h"

#include "access/attnum.h"

/* The end of each ereport(); do not call it.  elog.h declares it by this name, too. */
extern void cg_refused_errfinish(const char *filename, int lineno, const char *funcname);

/*
 * Notes that the present command was refused with this error.  The first error of a kind
 * is recorded and flushed when this returns, if a journal can be written; otherwise it is
 * tried again later.  may_look: the code is in a transaction, and holds no lock that
 * prevents a look into catalogs.  May throw.  attempts.c sets it; it is NULL before.
 */
extern void (*cg_refused_record) (const ErrorData *error, bool may_look);

/* Does this ErrorData.funcname belong to our latest message? */
extern bool cg_refused_is_ours(const char *funcname);

/*
 * Use it in an ereport(), as errtable(): names the relation of the error, and the column
 * unless attnum is 0, for the record and for the client.  Looks into catalogs.
 */
extern int	cg_refused_relation(Oid relid, AttrNumber attnum);

#endif							/* CG_REFUSED_H */
