/*
 * compat.h
 *		The only place that knows PostgreSQL versions.
 *
 * Code is written for the newest supported PostgreSQL; what an older one lacks
 * is translated here.  A version that no test has run on is an error: this
 * library decides by the planner's data structures what a query may see, and
 * "probably the same as in 15" is not a decision.
 */
#ifndef CG_COMPAT_H
#define CG_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 160000
#error "contact_guard has been tested with PostgreSQL 15 only"
#endif

/* 17 asks whether a stronger lock will do. */
#define cg_compat_lock_held(tag, mode) LockHeldByMe(tag, mode)

#endif							/* CG_COMPAT_H */
