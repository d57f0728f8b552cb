-- Who may do what: nothing more than this is granted to anybody.
CREATE EXTENSION contact_guard;
BEGIN;
SELECT plan(29);
CREATE ROLE regress_nobody;

SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['require_preload', 'reveal', 'reveal_nullable', 'unmasked', 'keep', 'open_customers', 'visible', 'compared', 'found', 'statistics_visible', 'statistics_ext_visible', 'current_actor', 'has_open_window', 'open_interventions', 'note_window', 'sync', 'journal_origin',
	      'act_as', 'act_as_session', 'act_as_token', 'act_as_token_session', 'contact'],
	'what everybody may execute');
SELECT ok(NOT has_function_privilege('regress_nobody', 'contact_guard.' || form || '(text, regrole)', 'EXECUTE'), 'of ' || form || '(), the form that asks for the privilege on the other one')
  FROM unnest('{act_as,act_as_session,act_as_token}'::text[]) form;
SELECT throws_ok($$SELECT contact_guard.act_as('mallory', 'regress_nobody'::text)$$, '42501', 'permission denied for function act_as', '... and nobody has it')
  FROM set_config('role', 'regress_nobody', true);
RESET ROLE;
SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_admin', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['protect', 'unprotect', 'trust_function', 'distrust_function', 'use_interventions', 'forget_interventions', 'retire', 'allow', 'disallow',
	      'open_intervention', 'close_intervention', 'status', 'purge', 'hold', 'release_hold', 'acknowledge_gaps',
	      'erase_customer', 'erase_actor', 'new_epoch', 'library_version', 'accept_clock', 'rotate_journal_key', 'allow_act_as_session',
	      'policy_problem', 'policy_change', 'list_policies', 'list_permissions', 'list_interventions', 'reader_category', 'revoke_identity', 'use_relay_numbers', 'relay_telephone'],
	'what an admin may execute besides');
SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_auditor', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['who_read', 'reads_by', 'withheld_attempts', 'refused_attempts', 'customer_of_record', 'reads_after_close', 'windows_opened', 'permission_use', 'same_value', 'status', 'evidence', 'evidence_stream', 'leaf', 'tile',
	      'inclusion_proof', 'consistency_proof', 'checkpoint', 'verification_key', 'add_cosignature', 'leaf_field', 'leaf_encoding',
	      'customer_commitment', 'actor_commitment', 'leaf_time', 'leaf_execution', 'execution_commitment', 'event_number', 'library_version',
	      'policy_problem', 'policy_change', 'list_policies', 'list_permissions', 'list_interventions'],
	'what an auditor may execute besides');
SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_proxy', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['act_as', 'act_as_nobody', 'act_as_token'], 'what a proxy may execute besides');
SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_gateway', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['resolve', 'resolve_number', 'call_answered', 'call_ended', 'calls_to_end'], 'what a gateway may execute besides');
SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace
	     AND (CASE WHEN c.relkind IN ('r', 'p', 'v') THEN has_any_column_privilege('contact_guard_gateway', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	                      OR (c.relname LIKE 'contact\_%' AND (has_any_column_privilege('contact_guard_auditor', c.oid, 'SELECT')
	                                                           OR has_any_column_privilege('contact_guard_admin', c.oid, 'SELECT'))) END)$$,
	'... and it reads no table; nobody reads tokens');

SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_forwarder', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['forward'], 'what a standby''s login may execute besides');
SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace
	     AND has_any_column_privilege('contact_guard_forwarder', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	     AND NOT has_any_column_privilege('regress_nobody', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')$$,
	'... and it reads no table');

SELECT set_eq(
	$$SELECT p.proname::text FROM pg_proc p
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('contact_guard_dpo', p.oid, 'EXECUTE')
	     AND NOT has_function_privilege('regress_nobody', p.oid, 'EXECUTE')$$,
	ARRAY['subject_report', 'name_readers', 'tile', 'inclusion_proof', 'consistency_proof', 'checkpoint', 'verification_key'],
	'what whoever makes reports to customers may execute besides');
SELECT set_eq(
	$$SELECT c.relname::text FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND has_any_column_privilege('contact_guard_dpo', c.oid, 'SELECT')$$,
	ARRAY['tile_full', 'tile_edge', 'signed_checkpoint'], '... reads checkpoints and tiles, and no column of anything else');
SELECT is_empty(
	$$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
	     AND has_column_privilege('contact_guard_dpo', a.attrelid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES')
	     AND NOT c.relname IN ('tile_full', 'tile_edge', 'signed_checkpoint')$$, '... column by column');
SELECT is_empty(
	$$SELECT m.roleid::regrole FROM pg_auth_members m WHERE m.member = 'contact_guard_dpo'::regrole$$, '... and is in no other role');
SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p', 'v')
	     AND (has_table_privilege('contact_guard_dpo', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
	          OR (c.relname = 'report' AND (has_table_privilege('contact_guard_auditor', c.oid, 'SELECT') OR has_table_privilege('contact_guard_admin', c.oid, 'SELECT'))))$$,
	'... writes nothing; and nobody reads the keys of pseudonyms');

SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
	     AND (CASE WHEN c.relkind = 'S' THEN has_sequence_privilege('regress_nobody', c.oid, 'USAGE, SELECT, UPDATE')
	               ELSE has_table_privilege('regress_nobody', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') END)$$,
	'everybody may read and write nothing');
SELECT set_eq(
	$$SELECT c.relname::text FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p', 'v')
	     AND has_table_privilege('contact_guard_auditor', c.oid, 'SELECT')$$,
	ARRAY['access_log', 'log', 'log_common', 'journal_passed', 'query_text', 'restored_log', 'whole_log', 'held', 'tile_full', 'tile_edge', 'signed_checkpoint',
	      'permission', 'trusted_functions', 'policies', 'permissions', 'interventions', 'category', 'disclosure', 'revoked_identity'], 'an auditor reads the log and the policy');
SELECT set_eq(
	$$SELECT c.relname::text FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p', 'v')
	     AND has_table_privilege('contact_guard_admin', c.oid, 'SELECT')$$,
	ARRAY['permission', 'trusted_functions', 'policies', 'permissions', 'interventions', 'category', 'revoked_identity', 'relay_number', 'relay_telephone'], 'an admin reads the policy');
SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p', 'v')
	     AND has_table_privilege('contact_guard_auditor', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')$$,
	'and writes nothing');
SELECT ok(NOT has_schema_privilege('regress_nobody', 'contact_guard', 'CREATE'), 'nobody may create in the schema');

-- A pinned search_path wherever SQL is written in SQL, and for what an owner runs.
SELECT is_empty(
	$$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	   WHERE p.pronamespace = 'contact_guard'::regnamespace AND (l.lanname <> 'c' OR p.prosecdef)
	     AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false)$$,
	'each SQL function pins search_path');

-- Not even a superuser, as long as he comes through SQL.
SELECT throws_ok($$UPDATE contact_guard.log SET actor = 'x'$$, '42501', NULL, 'UPDATE of the log');
SELECT throws_ok($$DELETE FROM contact_guard.access_log$$, NULL, NULL, 'DELETE from the view');
SELECT throws_ok($$TRUNCATE contact_guard.log$$, '42501', NULL, 'TRUNCATE of the log');
SELECT throws_ok($$DROP TABLE contact_guard.query_text CASCADE$$, NULL, NULL, 'DROP of a table');
SELECT throws_ok($$UPDATE contact_guard.journal_state SET log_size = 0$$, '42501', NULL, 'UPDATE of the state');
-- No subscription writes any of our tables: src/base/ownreplica.c
SELECT is_empty(
	$$SELECT c.relname FROM pg_class c
	   WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind IN ('r', 'p')
	     AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled = 'R'
	                                              AND t.tgfoid = 'contact_guard.discard_replicated'::regproc) < 2$$,
	'each table discards what a subscription brings');
SELECT * FROM finish();
ROLLBACK;
