/*
 * names.h
 *		Names of relations and functions, as they stand in records and messages.
 */
#ifndef CG_NAMES_H
#define CG_NAMES_H

/* schema.relation, quoted where needed; palloc'd.  The session's settings do not matter. */
extern char *cg_names_relation(Oid relid);

/*
 * The name with its schema and the types of the arguments, such as "crm.ok_phone(text)";
 * palloc'd.  If there is no such function, its OID.
 */
extern char *cg_names_function(Oid function);

#endif							/* CG_NAMES_H */
