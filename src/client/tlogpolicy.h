/*
 * tlogpolicy.h
 *		Trust policies (c2sp.org/tlog-policy): which logs and which witnesses count.
 *
 *	log VKEY [URL]
 *	witness NAME VKEY [URL]
 *	group NAME all|any|K NAME...
 *	quorum NAME|none
 */
#ifndef CG_TLOGPOLICY_H
#define CG_TLOGPOLICY_H

#include "client.h"

#define POLICY_NODES 128		/* the most witnesses and groups */

/* A witness or a group.  Members are nodes that stand before it. */
typedef struct PolicyNode
{
	char	   *name;
	char	   *url;			/* where to push to; NULL: not known */
	bool		group;
	bool		known;			/* a witness whose key is of a known type */
	CgNoteKey	key;
	int			threshold;		/* so many of the members */
	bool		members[POLICY_NODES];
} PolicyNode;

typedef struct Policy
{
	bool		given;
	bool		decided;		/* the line "quorum" was read */
	int			quorum;			/* a node; -1: none */
	int			count;
	PolicyNode	nodes[POLICY_NODES];
} Policy;

/*
 * Reads a policy file, and adds the keys of its logs and witnesses to keys.  Ends the program
 * if the file is not a policy.
 */
extern void policy_read(Policy *policy, Keys *keys, const char *path);

/*
 * Have enough witnesses cosigned the note?  Cosignatures that are older than not_before
 * (seconds since 1970) do not count.  The note was checked by keys_check().
 */
extern bool policy_met(const Policy *policy, const CgNote *note, uint64_t not_before);

/*
 * Gets the newest checkpoint of the server that meets the policy and has more rows than least;
 * malloc'd.  Without a policy it is the newest one, of whatever size.  Ends the program if
 * there is none.
 */
extern char *policy_checkpoint(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least,
							   CgNote *note, CgCheckpoint *checkpoint);

/*
 * The same, from a newest checkpoint (text, note, checkpoint) that was fetched and checked
 * before.  Frees text, or returns it.
 */
extern char *policy_older(PGconn *conn, const Policy *policy, const Keys *keys, uint64_t least,
						  uint64_t not_before, char *text, CgNote *note, CgCheckpoint *checkpoint);

/* Prints the policy's witnesses that have cosigned the note, and when. */
extern void policy_print(const Policy *policy, const CgNote *note);

#endif							/* CG_TLOGPOLICY_H */
