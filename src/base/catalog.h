/*
 * catalog.h
 *		Look-ups in the catalogs that PostgreSQL has no function for.
 */
#ifndef CG_CATALOG_H
#define CG_CATALOG_H

/* The number of columns of a relation, dropped ones too; 0 if it does not exist. */
extern int	cg_catalog_natts(Oid relid);

#endif							/* CG_CATALOG_H */
