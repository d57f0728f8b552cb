/*
 * guc.h
 *		The settings contact_guard.*.
 */
#ifndef CG_GUC_H
#define CG_GUC_H

/* Of a read's record; "before" is before the answer leaves the server. */
typedef enum CgDurability
{
	CG_DURABILITY_SHOWN,		/* as strict, but a withheld record is only written
								 * before */
	CG_DURABILITY_STRICT,		/* flushed, and acknowledged by synchronous
								 * standbys, before the value leaves */
	CG_DURABILITY_RELAXED		/* written, and flushed by the WAL writer within
								 * three times wal_writer_delay */
} CgDurability;

typedef enum CgCopies
{
	CG_COPIES_REFUSE,			/* values that a window shows are not stored */
	CG_COPIES_RECORD			/* they are stored, and the read is recorded */
} CgCopies;

/* Who may name actors, and how. */
typedef enum CgIdentityMode
{
	CG_IDENTITY_OFF,			/* no tokens */
	CG_IDENTITY_ALLOWED,		/* act_as, and tokens */
	CG_IDENTITY_REQUIRED		/* tokens alone */
} CgIdentityMode;

typedef enum CgIdentityReplay
{
	CG_IDENTITY_REPLAY_ALLOW,
	CG_IDENTITY_REPLAY_REFUSE	/* a token is for one session at a time */
} CgIdentityReplay;

/* What a session on a hot standby does with guarded values. */
typedef enum CgStandbyReads
{
	CG_STANDBY_WITHHOLD,
	CG_STANDBY_FORWARD			/* the primary gives the verdict and keeps the record */
} CgStandbyReads;

extern int	cg_copies;
extern int	cg_durability;
extern int	cg_withheld_detail; /* so many customers are named in withheld records
								 * of one execution; the rest is one count */
extern int	cg_min_free_space;	/* MB; 0: none */
extern int	cg_min_retention;	/* minutes */

/* Settings of evidence; "" if not set. */
extern char *cg_signing_key_file;
extern char *cg_signer_command;
extern int	cg_signer_timeout;
extern char *cg_origin;
extern char *cg_state_directory;
extern bool cg_state_directory_shared;
extern char *cg_verification_keys;
extern char *cg_witness_keys;
extern int	cg_checkpoint_interval; /* seconds */
extern int	cg_max_databases;	/* not with LOAD: shared memory has its size */
extern int	cg_heartbeat_interval;	/* seconds */
extern int	cg_max_backlog;		/* kB of unrecorded journal; beyond that guarded
								 * columns cannot be read */

/* Settings of tokens; "" if not set. */
extern int	cg_identity;
extern int	cg_identity_replay;
extern char *cg_identity_keys;
extern char *cg_identity_audience;
extern char *cg_identity_issuer;
extern int	cg_identity_leeway; /* seconds */
extern int	cg_identity_max_age;	/* seconds */

/* Settings of a standby; "" if not set. */
extern int	cg_standby_reads;
extern char *cg_primary_conninfo;
extern int	cg_primary_timeout; /* milliseconds */

/* Of the relay; "" if not set. */
extern char *cg_relay_country_code;

extern void cg_guc_init(void);
extern const char *cg_guc_durability_name(void);

#endif							/* CG_GUC_H */
