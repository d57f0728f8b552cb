/*
 * windows.h
 *		The windows of one technician, and a cache of them that may only withhold.
 */
#ifndef CG_WINDOWS_H
#define CG_WINDOWS_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "base/actor.h"

typedef struct CgWindow
{
	Oid			relid;			/* the interventions relation */
	const char *id;				/* of the intervention; may be NULL */
	const char *customer;		/* the key's text */
	TimestampTz opens_at;
	TimestampTz closes_at;		/* from cg_windows_past: 0 if the time is not over
								 * and the intervention's state keeps it shut */
} CgWindow;

/*
 * The technician of all functions is an actor, by his name.  If a token has named him that is
 * for some interventions only, no other is his, but for cg_windows_past().  If it has lapsed,
 * none is.
 */

/*
 * Is a window of this technician at this customer open, by the latest commit
 * and the clock?  Asks the interventions relations.  If true, fills *window with
 * palloc'd strings.
 */
extern bool cg_windows_verify(const CgActor *actor, const char *customer, CgWindow *window);

/*
 * The same from a cache that is at most a second old.  False is an answer; after true
 * the caller must verify.
 */
extern bool cg_windows_may_be_open(const CgActor *actor, const char *customer);

/* The customers for whom that returns true, as text, in the current memory context. */
extern List *cg_windows_customers(const CgActor *actor);

/*
 * The last window of this technician at this customer that has begun and is not open,
 * from a cache that is at most a minute old.  Strings are valid until the next call.
 */
extern bool cg_windows_past(const CgActor *actor, const char *customer, CgWindow *window);

/*
 * All windows that are open now, by the latest commit and the clock: looking customers up
 * there gives the same answers as cg_windows_verify() at this moment.  Lives until it is
 * freed, or until "context" is deleted.
 */
typedef struct CgLook CgLook;
extern CgLook *cg_windows_look_at_all(const CgActor *actor, MemoryContext context);
extern bool cg_windows_find(const CgLook *look, const char *customer, CgWindow *window);
extern TimestampTz cg_windows_looked_at(const CgLook *look);
extern void cg_windows_free(CgLook *look);

/* All windows that are open now: a list of CgWindow in the current memory context. */
extern List *cg_windows_open(const CgActor *actor);

#endif							/* CG_WINDOWS_H */
