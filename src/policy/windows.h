/*
 * windows.h
 *		The windows of one technician: a cache good enough to withhold.
 */
#ifndef CG_WINDOWS_H
#define CG_WINDOWS_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct CgWindow
{
	Oid			relid;			/* the interventions relation */
	const char *id;				/* of the intervention; may be NULL */
	const char *customer;		/* the key's text */
	TimestampTz opens_at;
	TimestampTz closes_at;		/* windows_past: 0 if its time is not over, so
								 * that a state keeps it shut */
} CgWindow;

/*
 * Is a window of this technician at this customer open, by the latest commit
 * and the clock?  Asks the interventions relations; fills *window, palloc'd, if
 * so.
 */
extern bool cg_windows_verify(const char *technician, const char *customer, CgWindow *window);

/*
 * The same from what was read at most a second ago.  False is an answer, true
 * is a reason to verify.
 */
extern bool cg_windows_may_be_open(const char *technician, const char *customer);

/* The customers for whom that says true, as text, in the current memory context. */
extern List *cg_windows_customers(const char *technician);

/*
 * The last window of this technician at this customer that has begun and is not
 * open, as far as known a minute ago; strings good until the next call.
 */
extern bool cg_windows_past(const char *technician, const char *customer, CgWindow *window);

/*
 * All that are open now, by the latest commit and the clock, to be asked about customers: the
 * same as windows_verify for each of them at this moment.  Lives until it is freed,
 * or until "context" goes.
 */
typedef struct CgLook CgLook;
extern CgLook *cg_windows_look_at_all(const char *technician, MemoryContext context);
extern bool cg_windows_find(const CgLook *look, const char *customer, CgWindow *window);
extern TimestampTz cg_windows_looked_at(const CgLook *look);
extern void cg_windows_free(CgLook *look);

/* All that are open now, in the current memory context. */
extern List *cg_windows_open(const char *technician);

#endif							/* CG_WINDOWS_H */
