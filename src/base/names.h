/*
 * names.h
 *		Names of relations and functions, as records and messages have them.
 */
#ifndef CG_NAMES_H
#define CG_NAMES_H

/* schema.relation, quoted where needed, whatever the session has set; palloc'd. */
extern char *cg_names_relation(Oid relid);

/*
 * "crm.ok_phone(text)": the name with its schema and the types of the arguments, or the
 * OID where there is no such function; palloc'd.
 */
extern char *cg_names_function(Oid function);

#endif							/* CG_NAMES_H */
