-- The names that users type: they are promises, so each is spelled out here.
CREATE EXTENSION contact_guard;
BEGIN;
SELECT plan(59);

SELECT has_schema('contact_guard');
SELECT has_function('contact_guard', 'protect', ARRAY['regclass', 'name', 'name[]', 'text', 'text', 'text', 'text', 'text']);
SELECT has_function('contact_guard', 'unprotect', ARRAY['regclass', 'name[]']);
SELECT has_function('contact_guard', 'use_interventions', ARRAY['regclass', 'name', 'name', 'name', 'name', 'name', 'text', 'interval', 'interval', 'interval', 'text', 'text', 'text[]']);
SELECT has_function('contact_guard', 'retire', '{}'::name[]);
SELECT has_function('contact_guard', 'allow', ARRAY['regrole', 'text', 'regclass', 'text']);
SELECT has_function('contact_guard', 'disallow', ARRAY['regrole', 'regclass']);
SELECT has_function('contact_guard', 'act_as', ARRAY['text', 'regrole']);
SELECT has_function('contact_guard', 'act_as', ARRAY['text', 'text']);
SELECT has_function('contact_guard', 'act_as_session', ARRAY['text', 'text']);
SELECT has_function('contact_guard', 'revoke_identity', ARRAY['text', 'text', 'timestamptz']);
SELECT has_function('contact_guard', 'act_as_token', ARRAY['text', 'regrole']);
SELECT has_function('contact_guard', 'act_as_token_session', ARRAY['text', 'regrole']);
SELECT function_returns('contact_guard', 'current_actor', '{}'::name[], 'text');
SELECT function_returns('contact_guard', 'has_open_window', ARRAY['anyelement'], 'boolean');
SELECT function_returns('contact_guard', 'has_open_window', ARRAY['text'], 'boolean');
SELECT has_function('contact_guard', 'open_interventions', '{}'::name[]);
SELECT has_function('contact_guard', 'open_intervention', ARRAY['text', 'name', 'timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'close_intervention', ARRAY['bigint']);
SELECT has_function('contact_guard', 'sync', '{}'::name[]);
SELECT has_function('contact_guard', 'status', '{}'::name[]);
SELECT has_function('contact_guard', 'who_read', ARRAY['text', 'timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'reads_by', ARRAY['text', 'timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'withheld_attempts', ARRAY['timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'refused_attempts', ARRAY['timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'reads_after_close', ARRAY['timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'permission_use', ARRAY['timestamp with time zone', 'timestamp with time zone']);
SELECT has_function('contact_guard', 'same_value', ARRAY['regclass', 'name', 'text', 'text[]', 'text']);
SELECT has_function('contact_guard', 'windows_opened', ARRAY['timestamp with time zone', 'timestamp with time zone', 'interval', 'interval',
	'time without time zone', 'time without time zone', 'integer[]', 'text']);
SELECT has_view('contact_guard', 'access_log', 'the log is a view');
SELECT columns_are('contact_guard', 'access_log', ARRAY['seq', 'read_at', 'event', 'actor', 'login', 'relation',
	'columns', 'customer', 'count', 'intervention', 'purpose', 'reason', 'client', 'application', 'session',
	'statement', 'query_id', 'query', 'identity', 'technician', 'opens_at', 'closes_at', 'previous_opens_at', 'previous_closes_at']);
SELECT has_role('contact_guard_admin');
SELECT has_role('contact_guard_auditor');
SELECT has_role('contact_guard_proxy');
SELECT has_role('contact_guard_gateway');
SELECT has_role('contact_guard_forwarder');
SELECT has_function('contact_guard', 'forward', ARRAY['bytea']);
SELECT has_function('contact_guard', 'contact', ARRAY['anyelement', 'text', 'regclass', 'name']);
SELECT has_function('contact_guard', 'resolve', ARRAY['text', 'text', 'text', 'text']);
SELECT has_function('contact_guard', 'resolve_number', ARRAY['text', 'text', 'text', 'text']);
SELECT has_function('contact_guard', 'use_relay_numbers', ARRAY['text[]']);
SELECT has_function('contact_guard', 'relay_telephone', ARRAY['text', 'text']);
SELECT has_function('contact_guard', 'call_answered', ARRAY['text', 'text']);
SELECT has_function('contact_guard', 'call_ended', ARRAY['text', 'text', 'integer']);
SELECT has_function('contact_guard', 'calls_to_end', '{}'::name[]);
SELECT has_role('contact_guard_dpo');
SELECT has_function('contact_guard', 'subject_report', ARRAY['anyelement', 'text', 'timestamp with time zone', 'timestamp with time zone', 'boolean']);
SELECT has_function('contact_guard', 'name_readers', ARRAY['text', 'text[]', 'text']);
SELECT has_function('contact_guard', 'reader_category', ARRAY['regrole', 'text']);

-- Their arguments by name, as the documentation calls them.
SELECT is((SELECT array_to_string(proargnames, ',') FROM pg_proc WHERE oid = 'contact_guard.protect'::regproc),
          'relation,customer,columns,mask,mode,fallback,unpinned,reveal', 'arguments of protect');
SELECT is((SELECT array_to_string(proargnames, ',') FROM pg_proc WHERE oid = 'contact_guard.use_interventions'::regproc),
          'relation,customer,technician,opens_at,closes_at,id,open_when,early,late,longest,timezone,watch,watched',
          'arguments of use_interventions');
SELECT is((SELECT array_to_string(proargnames, ',') FROM pg_proc WHERE oid = 'contact_guard.allow'::regproc),
          'role,purpose,relation,level', 'arguments of allow');

-- reveal: what the planner makes of it depends on these.
SELECT is((SELECT provolatile FROM pg_proc WHERE oid = 'contact_guard.reveal'::regproc), 's', 'reveal is STABLE');
SELECT is((SELECT proparallel FROM pg_proc WHERE oid = 'contact_guard.reveal'::regproc), 'r', 'reveal is PARALLEL RESTRICTED');
SELECT is((SELECT proisstrict FROM pg_proc WHERE oid = 'contact_guard.reveal'::regproc), true, 'reveal is STRICT');
SELECT is((SELECT procost FROM pg_proc WHERE oid = 'contact_guard.reveal'::regproc), 20::float4, 'reveal costs 20');
SELECT throws_ok($$SELECT 'x'::contact_guard.site$$, '0A000', NULL, 'no site can be written');

SELECT is((SELECT guard FROM contact_guard.status()), 'on', 'the guard is on');
SELECT ok((SELECT count(*) = 1 FROM contact_guard.status()), 'status is one row');
SELECT * FROM finish();
ROLLBACK;
