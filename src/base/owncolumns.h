/*
 * owncolumns.h
 *		The columns that the library expects in its own tables, by name.
 *
 * The numbers below are only the library's.  The position of a column is found in the
 * table (cg_owncolumns_place): an upgrade may add columns at the end, or drop some.  So an
 * upgraded table may have another order than a new one, and a table of a later version
 * may have columns that this library does not know.
 *
 * objects.c checks once a session, and after each change, that the columns are there and
 * have the types that the code uses.
 */
#ifndef CG_OWNCOLUMNS_H
#define CG_OWNCOLUMNS_H

#include "access/tupdesc.h"

/* In the order of the array in owncolumns.c. */
typedef enum CgOwnTable
{
	CG_OWN_JOURNAL_STATE,
	CG_OWN_JOURNAL_KEY,
	CG_OWN_PERMISSION,
	CG_OWN_LOG,
	CG_OWN_RESTORED_LOG,
	CG_OWN_LOG_COMMON,
	CG_OWN_QUERY_TEXT,
	CG_OWN_JOURNAL_SESSION,
	CG_OWN_JOURNAL_PASSED,
	CG_OWN_HELD,
	CG_OWN_CATEGORY,
	CG_OWN_REVOKED_IDENTITY,
	CG_OWN_REPORT,
	CG_OWN_DISCLOSURE,
	CG_OWN_INTERVENTION,
	CG_OWN_TILE_FULL,
	CG_OWN_TILE_EDGE,
	CG_OWN_SIGNED_CHECKPOINT,
	CG_OWN_CONTACT_TOKEN,
	CG_OWN_CONTACT_CALL,
	CG_OWN_RELAY_NUMBER,
	CG_OWN_RELAY_TELEPHONE,
	CG_OWN_RELAY_PARTY,
	CG_OWN_TABLES
} CgOwnTable;

/* The largest number of columns of a table that the library knows. */
#define CG_OWN_COLUMNS 32

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
	Anum_journal_state_origin_mark,
	Anum_journal_state_verification_keys,
	Natts_journal_state = Anum_journal_state_verification_keys
};

enum
{
	Anum_intervention_id = 1
};

enum
{
	Anum_journal_passed_position = 1,
	Anum_journal_passed_length,
	Anum_journal_passed_sha256,
	Anum_journal_passed_message,
	Anum_journal_passed_passed_at,
	Natts_journal_passed = Anum_journal_passed_passed_at
};

enum
{
	Anum_held_customer = 1,
	Anum_held_reason,
	Anum_held_held_by,
	Anum_held_held_at,
	Natts_held = Anum_held_held_at
};

enum
{
	Anum_revoked_identity_subject = 1,
	Anum_revoked_identity_not_before
};

enum
{
	Anum_report_reference = 1,
	Anum_report_customer,
	Anum_report_key,
	Anum_report_made_in,
	Anum_report_made_at,
	Natts_report = Anum_report_made_at
};

enum
{
	Anum_disclosure_reference = 1,
	Anum_disclosure_customer,
	Anum_disclosure_readers,
	Anum_disclosure_decision,
	Anum_disclosure_salt,
	Anum_disclosure_made_at,
	Natts_disclosure = Anum_disclosure_made_at
};

enum
{
	Anum_journal_key_number = 1,
	Anum_journal_key_epoch,
	Anum_journal_key_run,
	Anum_journal_key_mac_key,
	Anum_journal_key_begins_at,
	Anum_journal_key_ends_at,
	Natts_journal_key = Anum_journal_key_ends_at
};

enum
{
	Anum_tile_full_level = 1,
	Anum_tile_full_n,
	Anum_tile_full_hashes,
	Natts_tile_full = Anum_tile_full_hashes
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
	Anum_log_leaf_version,
	Anum_log_identity,
	Anum_log_technician,
	Anum_log_opens_at,
	Anum_log_closes_at,
	Anum_log_previous_opens_at,
	Anum_log_previous_closes_at,
	Anum_log_execution_salt,
	Anum_log_common,
	Natts_log = Anum_log_common
};

enum
{
	Anum_log_common_number = 1,
	Anum_log_common_month,
	Anum_log_common_relation,
	Anum_log_common_columns,
	Anum_log_common_count,
	Anum_log_common_purpose,
	Anum_log_common_reason,
	Anum_log_common_login_is_actor,
	Anum_log_common_identity,
	Natts_log_common = Anum_log_common_identity
};

enum
{
	Anum_contact_token_token = 1,
	Anum_contact_token_actor,
	Anum_contact_token_relation,
	Anum_contact_token_attnum,
	Anum_contact_token_customer,
	Anum_contact_token_interventions,
	Anum_contact_token_intervention,
	Anum_contact_token_channel,
	Anum_contact_token_closes_at,
	Anum_contact_token_asserted,
	Anum_contact_token_subject,
	Anum_contact_token_issued,
	Anum_contact_token_made_at,
	Natts_contact_token = Anum_contact_token_made_at
};

enum
{
	Anum_contact_call_call = 1,
	Anum_contact_call_ask,
	Anum_contact_call_token,
	Anum_contact_call_gateway,
	Anum_contact_call_code,
	Anum_contact_call_asked_at,
	Anum_contact_call_closes_at,
	Anum_contact_call_answered_at,
	Anum_contact_call_ended_at,
	Anum_contact_call_handle,
	Anum_contact_call_dial,
	Anum_contact_call_channel,
	Anum_contact_call_direction,
	Natts_contact_call = Anum_contact_call_direction
};

enum
{
	Anum_relay_party_number = 1,
	Anum_relay_party_party,
	Anum_relay_party_slot,
	Anum_relay_party_token,
	Anum_relay_party_called,
	Anum_relay_party_made_at,
	Anum_relay_party_until_at,
	Natts_relay_party = Anum_relay_party_until_at
};

extern const char *cg_owncolumns_table(CgOwnTable table);

/*
 * Finds the columns that the library knows of a table: place[Anum - 1] becomes the index
 * in the arrays of heap_deform_tuple().  place must have CG_OWN_COLUMNS entries.  Returns
 * the number of columns.  ERROR if one is missing, or has another type.
 */
extern int	cg_owncolumns_place(CgOwnTable table, TupleDesc desc, int *place);

/*
 * The name of a table of ours that does not have the expected columns, with a detail;
 * NULL if all have.  Needs a transaction.
 */
extern const char *cg_owncolumns_problem(char **detail);

#endif							/* CG_OWNCOLUMNS_H */
