/*
 * names.h
 *		Names of relations, as records have them.
 */
#ifndef CG_NAMES_H
#define CG_NAMES_H

/* schema.relation, quoted where needed, whatever the session has set; palloc'd. */
extern char *cg_names_relation(Oid relid);

#endif							/* CG_NAMES_H */
