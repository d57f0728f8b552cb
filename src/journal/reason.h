/*
 * reason.h
 *		The reasons that the access log gives for a verdict: the one list of their texts.
 *
 * To add a reason, add it here and to the list in docs/audit.md.  Set it where the
 * verdict is made: readlooks.c for windows, permission.c for standing permissions,
 * withheld.c and relay/resolve.c for what is reached by relay,
 * reads.c and readrecords.c for the rest, and log/apply.c for the durability.
 */
#ifndef CG_REASON_H
#define CG_REASON_H

#define CG_REASON_NO_WINDOW "no window"
#define CG_REASON_WINDOW_CLOSED "window closed"
#define CG_REASON_WINDOW_NOT_OPEN "window not open"
#define CG_REASON_TOKEN_EXPIRED "token expired"
#define CG_REASON_TOKEN_REVOKED "token revoked"
#define CG_REASON_TOKEN_KEY "key of the token withdrawn"
#define CG_REASON_TOKEN_SETTINGS "audience or issuer of tokens changed"
#define CG_REASON_TOKEN_REQUIRED "named without a token"
#define CG_REASON_TOKEN_COLUMNS "column not in the token"
#define CG_REASON_NO_CUSTOMER "no customer"
#define CG_REASON_RELAY "reached by relay only"
#define CG_REASON_NO_TOKEN "no such token"
#define CG_REASON_TOKEN_OF_ANOTHER "token of another actor"
#define CG_REASON_TOKEN_OF_CHANNEL "token of another channel"
#define CG_REASON_NO_RELAY_NUMBER "no relay number of this caller"
#define CG_REASON_NO_CHANNEL "no such channel"
#define CG_REASON_NUMBER_CHANGED "number changed"
#define CG_REASON_NO_TELEPHONE "no telephone of the actor"
#define CG_REASON_OWN_GATEWAY "the gateway is the actor"
#define CG_REASON_NO_RELAY "not reached by relay"
#define CG_REASON_NO_NUMBER "no number"
#define CG_REASON_CALL_KNOWN "call asked for before"
#define CG_REASON_CALL_UNNAMED "no id of the call"
#define CG_REASON_OWN "inserted by the reader in this transaction"
#define CG_REASON_BY_ROLE "by role %s"
#define CG_REASON_COMPARED "compared by a unique index, without permission"
#define CG_REASON_CHECKED "compared by a check, without permission"

/* Of a window that moved, if the transaction that moved it has not committed, or not yet. */
#define CG_REASON_NOT_COMMITTED "its transaction did not commit"
#define CG_REASON_UNDER_WAY "its transaction was still under way"
#define CG_REASON_PREPARED "prepared: ROLLBACK PREPARED takes it back"

/*
 * Stand in front of the reason of a purge, an erasure, a hold, its release and the like, whose transaction
 * has not committed: so nobody who reads such reasons from their beginning takes it for one that has.
 */
#define CG_REASON_UNDONE "not committed: "
#define CG_REASON_UNSURE "not known to be committed: "
#define CG_REASON_UNDONE_PATTERN "^not (committed|known to be committed): "

/* Stands at the end of another reason, or alone. */
#define CG_REASON_RELAXED "durability relaxed"

#endif							/* CG_REASON_H */
