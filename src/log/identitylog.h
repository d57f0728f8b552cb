/*
 * identitylog.h
 *		The keys that verify tokens, in the log.
 */
#ifndef CG_IDENTITYLOG_H
#define CG_IDENTITYLOG_H

/*
 * Writes a record of event "key", once for each set of keys in a run of the server.  Only the
 * recorder calls it, outside of a transaction.
 */
extern void cg_identitylog_tell(void);

#endif							/* CG_IDENTITYLOG_H */
