/*
 * drained.h
 *		pg_upgrade leaves WAL behind: before it, no record may wait there.
 */
#ifndef CG_DRAINED_H
#define CG_DRAINED_H

/*
 * Only in a server in binary upgrade mode.  ERROR if WAL has messages of this database
 * that are not in its access log, or may have had them, or if the extension has not the
 * version of the library.  Looks once in a session.
 */
extern void cg_drained_require(void);

#endif							/* CG_DRAINED_H */
