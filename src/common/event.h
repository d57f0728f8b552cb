/*
 * event.h
 *		The events of the access log: the one list of their numbers and names.
 *
 * Leaves of the tree and messages of the journal have the number; the column "event" of the
 * log has the name.  A number is never used for another event, and a name never gets another
 * number, so that old rows can always be verified.
 *
 * To add an event, add a line here, with the next number.  Add the name to
 * contact_guard.event_number() in the install script and in an upgrade script.  Then add
 * the code that records it.  test/shape compares SQL and docs/evidence.md with this list.
 *
 * Pure: no PostgreSQL, no input or output.
 */
#ifndef CG_EVENT_H
#define CG_EVENT_H

#include <stddef.h>

#define CG_EVENTS(EVENT) \
	EVENT(1, SHOWN, "shown") \
	EVENT(2, WITHHELD, "withheld") \
	EVENT(3, LOOKUP, "lookup") \
	EVENT(4, BULK, "bulk") \
	EVENT(5, POLICY, "policy") \
	EVENT(6, AUDIT_READ, "audit_read") \
	EVENT(7, HEARTBEAT, "heartbeat") \
	EVENT(8, GAP, "gap") \
	EVENT(9, PURGE, "purge") \
	EVENT(10, EPOCH, "epoch") \
	EVENT(11, ERASURE, "erasure") \
	EVENT(12, KEY, "key") \
	EVENT(13, REFUSED, "refused") \
	EVENT(14, CONFLICT, "conflict") \
	EVENT(15, START, "start") \
	EVENT(16, FAILOVER, "failover") \
	EVENT(17, CLOCK, "clock") \
	EVENT(18, WINDOW, "window") \
	EVENT(19, REPORT, "report") \
	EVENT(20, DISCLOSURE, "disclosure") \
	EVENT(21, CONTACT_OFFERED, "contact_offered") \
	EVENT(22, CONTACT, "contact") \
	EVENT(23, CONTACT_END, "contact_end") \
	EVENT(24, CONTACT_REFUSED, "contact_refused") \
	EVENT(25, SEARCHED, "searched")

#define CG_EVENT_ENUM(number, symbol, name) CG_EVENT_##symbol = number,
typedef enum CgEvent
{
	CG_EVENTS(CG_EVENT_ENUM)
	CG_EVENT_NEXT				/* one more than the last number; no event has it */
} CgEvent;
#undef CG_EVENT_ENUM

/* The name of a number; NULL if no event has it. */
extern const char *cg_event_name(int number);

/* The number of a name of this length; 0 if no event has the name. */
extern int	cg_event_number(const char *name, size_t length);

#endif							/* CG_EVENT_H */
