/*
 * monitor.h
 *		What contact_guard.status() says, for contact-guard metrics and contact-guard check.
 *
 * Nothing that the server says is trusted: numbers are parsed, and texts are only printed
 * escaped.
 */
#ifndef CG_MONITOR_H
#define CG_MONITOR_H

#include "client.h"

/* A monitoring system gives up soon, so these commands do, too, unless --timeout is given. */
#define MONITOR_PATIENCE 20

/* So many seconds after server_patience they end in any case, whatever the server does. */
#define MONITOR_GRACE 5

/* The numbers, in the order in which the query asks for them. */
typedef enum Number
{
	NUMBER_LAG,					/* bytes */
	NUMBER_MAX_BACKLOG,			/* bytes */
	NUMBER_ROWS,
	NUMBER_EPOCH,
	NUMBER_REJECTED,
	NUMBER_SIGNED_ROWS,
	NUMBER_SIGNED_AT,			/* seconds since 1970 */
	NUMBER_WAL_KEPT,			/* bytes */
	NUMBER_RELATIONS,
	NUMBER_COLUMNS,
	NUMBER_INTERVENTIONS,		/* relations */
	NUMBERS
} Number;

/* What the guard does */
typedef enum Guard
{
	GUARD_ON,
	GUARD_STANDBY,				/* withholds everything, as it must there */
	GUARD_FORWARDS,				/* a standby whose sessions ask the primary */
	GUARD_OFF					/* or something that this version does not know */
} Guard;

typedef enum Recorder
{
	RECORDER_WORKS,
	RECORDER_STANDBY_KEEPS,		/* a standby that keeps WAL for a promotion */
	RECORDER_STANDBY_KEEPS_NOT,
	RECORDER_FAILS				/* or something that this version does not know */
} Recorder;

typedef struct Status
{
	/* "": status() has answered.  Otherwise it has raised 55000 or 58P01, with this message. */
	char		refused[512];
	Guard		guard;
	Recorder	recorder;
	CgLeafText	guard_text;
	CgLeafText	recorder_text;
	bool		known[NUMBERS];
	int64_t		numbers[NUMBERS];
	int			problem_count;
	CgLeafText *problems;
} Status;

/*
 * Begins the time until the end.  When it is over, these last words, which must stay valid, are
 * written on stdout, and the program ends with this status.  Until monitor_answered() nothing else
 * may be printed there.
 */
extern void monitor_limit(const char *last_words, int status);
extern void monitor_answered(void);

/*
 * Asks the server, in one query.  Ends the program if it does not answer, or answers with
 * another error than those above.  The texts stay valid until the program ends.
 */
extern void monitor_ask(PGconn *conn, Status *status);

#endif							/* CG_MONITOR_H */
