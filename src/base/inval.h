/*
 * inval.h
 *		The library's share of PostgreSQL's cache invalidations.
 *
 * PostgreSQL has ten slots for relcache callbacks, for all extensions together,
 * and the eleventh is fatal; a session of ours takes one, and one syscache slot
 * for each catalog that somebody here wants to hear of.
 *
 * A handler runs wherever PostgreSQL accepts invalidations: between any two
 * catalog accesses, with anybody in the middle of reading what it is about.  It
 * therefore only sets flags, allocates nothing and throws nothing.
 */
#ifndef CG_INVAL_H
#define CG_INVAL_H

/* relid: InvalidOid for all relations. */
typedef void (*CgRelationHandler) (Oid relid);

/* As SyscacheCallbackFunction; hashvalue 0 for all entries. */
typedef void (*CgCatalogHandler) (int cacheid, uint32 hashvalue);

extern void cg_inval_init(void);

/*
 * From now on the handler hears of invalidations.  Doing it again does nothing,
 * so that a module which most sessions never use may wait until it is used.
 * ERROR if the table is full, which a developer meets and nobody else.
 */
extern void cg_inval_on_relation(CgRelationHandler handler);
extern void cg_inval_on_catalog(int cacheid, CgCatalogHandler handler);

#endif							/* CG_INVAL_H */
