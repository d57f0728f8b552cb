/*
 * inval.h
 *		The library's share of PostgreSQL's cache invalidations.
 *
 * PostgreSQL has ten slots for relcache callbacks, for all extensions together; another
 * one is a fatal error.  The library takes one of them, and one syscache slot for each
 * catalog that a module asks for.
 *
 * A handler runs wherever PostgreSQL accepts invalidations.  That can be between any two
 * accesses to a catalog, while code further up the stack reads the cached data.
 * Therefore a handler only sets flags, allocates nothing and throws nothing.
 */
#ifndef CG_INVAL_H
#define CG_INVAL_H

/* relid: InvalidOid stands for all relations. */
typedef void (*CgRelationHandler) (Oid relid);

/* As SyscacheCallbackFunction; hashvalue 0 stands for all entries. */
typedef void (*CgCatalogHandler) (int cacheid, uint32 hashvalue);

extern void cg_inval_init(void);

/*
 * Registers a handler of invalidations.  To register it again does nothing, so a module
 * can register each time that it is used.  ERROR if the table of handlers is full: then
 * a developer has to enlarge it.
 */
extern void cg_inval_on_relation(CgRelationHandler handler);
extern void cg_inval_on_catalog(int cacheid, CgCatalogHandler handler);

#endif							/* CG_INVAL_H */
