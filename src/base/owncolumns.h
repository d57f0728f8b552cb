/*
 * owncolumns.h
 *		What the library expects of its own tables: their columns, by number.
 *
 * Code that reads a row of ours by position, and whatever takes the result of a
 * query over our tables for a value of a type, relies on this.  So it is held
 * against the catalog once a session and after each change (objects.c).
 */
#ifndef CG_OWNCOLUMNS_H
#define CG_OWNCOLUMNS_H

#include "access/attnum.h"

enum
{
	Anum_journal_state_only_row = 1,
	Anum_journal_state_system_identifier,
	Anum_journal_state_database,
	Anum_journal_state_epoch,
	Anum_journal_state_epoch_recorded,
	Anum_journal_state_position,
	Anum_journal_state_log_size,
	Anum_journal_state_rejected,
	Anum_journal_state_gaps,
	Anum_journal_state_gaps_acknowledged,
	Anum_journal_state_origin,
	Anum_journal_state_origin_number,
	Anum_journal_state_verification_keys,
	Natts_journal_state = Anum_journal_state_verification_keys
};

enum
{
	Anum_intervention_id = 1
};

enum
{
	Anum_journal_key_epoch = 1,
	Anum_journal_key_mac_key,
	Natts_journal_key = Anum_journal_key_mac_key
};

enum
{
	Anum_permission_role = 1,
	Anum_permission_relation,
	Anum_permission_purpose,
	Anum_permission_level,
	Natts_permission = Anum_permission_level
};

enum
{
	Anum_log_seq = 1,
	Anum_log_read_at,
	Anum_log_event,
	Anum_log_actor,
	Anum_log_login,
	Anum_log_relation,
	Anum_log_columns,
	Anum_log_customer,
	Anum_log_count,
	Anum_log_intervention,
	Anum_log_closed_at,
	Anum_log_purpose,
	Anum_log_reason,
	Anum_log_client,
	Anum_log_application,
	Anum_log_session,
	Anum_log_statement,
	Anum_log_query_id,
	Anum_log_customer_salt,
	Anum_log_actor_salt,
	Anum_log_customer_commitment,
	Anum_log_actor_commitment,
	Natts_log = Anum_log_actor_commitment
};

/*
 * The name of a table of ours that is not what the library expects, with a detail,
 * or NULL.  Needs a transaction.
 */
extern const char *cg_owncolumns_problem(char **detail);

#endif							/* CG_OWNCOLUMNS_H */
