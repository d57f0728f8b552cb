/*
 * brought.h
 *		What dumps have brought: contact_guard.restored_log, which is in no tree.
 */
#ifndef CG_BROUGHT_H
#define CG_BROUGHT_H

/*
 * How many restored rows there are, and their hash, as the text that cg_brought_record takes;
 * palloc'd.  Reads all of them.
 */
extern char *cg_brought_hash(void);

/*
 * Makes a record of event epoch: what happened to so many restored rows, and the hash of all
 * that there are now.  Whoever changes restored rows calls it in the same transaction.
 */
extern void cg_brought_record(const char *what, int64 rows, const char *hash);

#define CG_BROUGHT_CAME "a dump was restored: the access log of another database was put beside this one"
#define CG_BROUGHT_REMOVED "restored records were purged or erased"

#endif							/* CG_BROUGHT_H */
