/*
 * primarylink.h
 *		The connection of a standby's session to the primary.
 */
#ifndef CG_PRIMARYLINK_H
#define CG_PRIMARYLINK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

typedef enum CgSent
{
	CG_SENT_ANSWERED,
	CG_SENT_REFUSED,			/* the primary's error, which cg_primarylink_state() names */
	CG_SENT_LOST,				/* nobody knows whether the primary has got it */
	CG_SENT_NOT					/* it was not sent */
} CgSent;

/*
 * Sends one request to contact_guard.forward() of this database on the primary, and appends the
 * answer.  Connects first if that is necessary.  Gives up at that time.  Waits interruptibly,
 * and an interrupt closes the connection.  Needs no transaction.
 */
extern CgSent cg_primarylink_send(const StringInfoData *request, StringInfo answer, TimestampTz give_up);

/* Connects, if there is no connection; false if there is none at that time. */
extern bool cg_primarylink_connect(TimestampTz give_up);

/* The number of the connection, from 1: another one has another number.  0: there is none. */
extern uint64 cg_primarylink_number(void);

/* The SQLSTATE of the last CG_SENT_REFUSED, as errcode() takes it. */
extern int	cg_primarylink_state(void);

/* Why the last call failed, in the words of libpq or of the primary. */
extern const char *cg_primarylink_error(void);

extern void cg_primarylink_close(void);

#endif							/* CG_PRIMARYLINK_H */
