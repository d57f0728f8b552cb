-- The forms of act_as() and act_as_session(): each call means one of them, whatever types a driver
-- gives to its parameters.
SET client_min_messages = warning;
CREATE ROLE regress_actor_pool IN ROLE contact_guard_proxy;
CREATE ROLE regress_actor_desk;
CREATE ROLE "Regress Actor";
CREATE ROLE regress_actor_stranger;
CREATE ROLE regress_actor_lender;
GRANT regress_actor_desk, "Regress Actor" TO regress_actor_pool;
SELECT contact_guard.allow_act_as_session('regress_actor_pool');
SELECT 'regress_actor_desk'::regrole::oid AS desk \gset
\set QUIET 1
\pset format unaligned
\pset tuples_only

-- Each call means the same, with the role and without it: which call, in which SQLSTATE it ended, and for whom
CREATE FUNCTION pg_temp.try(calls text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE call text; named text;
BEGIN
	FOREACH call IN ARRAY calls
	LOOP
		BEGIN
			EXECUTE 'SELECT contact_guard.act_as' || call;
			named := contact_guard.current_actor();
			RAISE EXCEPTION USING errcode = 'P0002', message = named;
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT call || ': ' || CASE sqlstate WHEN 'P0002' THEN '' ELSE sqlstate || ' ' END || sqlerrm;
		END;
	END LOOP;
END$$;
SET SESSION AUTHORIZATION regress_actor_pool;
BEGIN;
SELECT pg_temp.try(ARRAY[
	$$('a')$$, $$(actor => 'a')$$, $$('a'::text)$$, $$('a'::varchar)$$, $$(current_user)$$,
	$$('a', 'regress_actor_desk')$$, $$('a', NULL)$$, $$('a', role => 'regress_actor_desk')$$, $$('a', role => NULL)$$,
	$$(role => 'regress_actor_desk', actor => 'a')$$, $$(NULL)$$, $$(NULL, NULL)$$, $$(NULL, 'regress_actor_desk'::text)$$,
	$$('a', 'regress_actor_desk'::regrole)$$, $$('a'::text, role => 'regress_actor_desk'::regrole)$$, $$('a', NULL::regrole)$$,
	$$('a', 'regress_actor_desk'::regrole::oid)$$, $$('a', 'regress_actor_desk'::regrole::oid::int)$$, $$('a', 'regress_actor_desk'::regrole::oid::bigint)$$,
	$$('a', 'regress_actor_desk'::text)$$, $$('a'::text, role => 'regress_actor_desk'::varchar)$$, $$('a', 'regress_actor_desk'::name)$$,
	$$('a', 'regress_actor_desk'::char(40))$$, $$('a', NULL::text)$$, $$('a', NULL::varchar)$$,
	$$('a', ('regress_actor_desk'::regrole::oid)::text)$$, $$('a', '"Regress Actor"'::text)$$, $$('a', '"Regress Actor"')$$, $$('a', 'REGRESS_ACTOR_DESK'::text)$$,
	$$('a', '-'::text)$$, $$('a', '-')$$, $$('a', '-'::regrole)$$, $$('a', '')$$, $$('a', ''::text)$$, $$('a', ''::regrole)$$,
	$$('a', 'nobody of this name')$$, $$('a', 'regress_actor_nobody')$$, $$('a', 'regress_actor_nobody'::text)$$, $$('a', 'regress_actor_nobody'::regrole)$$,
	$$('a', 'regress_actor_stranger')$$, $$('a', 'regress_actor_stranger'::text)$$, $$('a', 'regress_actor_stranger'::regrole)$$,
	$$('', 'regress_actor_desk'::text)$$, $$('a', 1.0)$$, $$('a', true)$$, $$('a', 'b', 'c')$$, $$()$$]);
ROLLBACK;

-- The role counts, in all forms
BEGIN;
SELECT contact_guard.act_as('a', 'regress_actor_desk'::text);
SELECT contact_guard.act_as('a', 'regress_actor_desk'::regrole);
SELECT contact_guard.act_as('a', 'regress_actor_desk');
SELECT contact_guard.act_as('a', :desk);
\set VERBOSITY terse
SELECT contact_guard.act_as('a', '"Regress Actor"'::text);
ROLLBACK;

-- Parameters: of no type, of the types that drivers give to strings, of the type that they ask for
PREPARE untyped AS SELECT contact_guard.act_as($1, $2);
PREPARE named AS SELECT contact_guard.act_as($1, role => $2);
PREPARE typed(text, text) AS SELECT contact_guard.act_as($1, role => $2);
PREPARE varchars(varchar, varchar) AS SELECT contact_guard.act_as($1, $2);
PREPARE of_role(text, regrole) AS SELECT contact_guard.act_as($1, $2);
PREPARE casting(text, text) AS SELECT contact_guard.act_as($1, role => $2::regrole);
PREPARE alone AS SELECT contact_guard.act_as($1);
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name;
BEGIN;
EXECUTE untyped('a', 'regress_actor_desk');
EXECUTE named('a', 'regress_actor_desk');
EXECUTE typed('a', 'regress_actor_desk');
EXECUTE varchars('a', 'regress_actor_desk');
EXECUTE of_role('a', 'regress_actor_desk');
EXECUTE casting('a', 'regress_actor_desk');
EXECUTE alone('a');
ROLLBACK;
BEGIN;
EXECUTE alone('a');
EXECUTE untyped('a', NULL);
EXECUTE typed('a', NULL);
EXECUTE of_role('a', NULL);
SELECT contact_guard.current_actor();
ROLLBACK;

-- The same for a session
SELECT contact_guard.act_as_session('s');
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('t', role => 'regress_actor_desk'::text);
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('u', 'regress_actor_desk'::varchar);
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('v', 'regress_actor_desk');
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('w', 'regress_actor_desk'::regrole);
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('x', :desk);
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('y', NULL);
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session(role => NULL::text, actor => 'z');
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_session('mallory', 'regress_actor_stranger'::text);
DO $$BEGIN PERFORM contact_guard.act_as_session('mallory', 'regress_actor_desk'::text); END$$;
BEGIN;
SELECT contact_guard.act_as_session('mallory', 'regress_actor_desk'::text);
ROLLBACK;
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as_nobody();
RESET SESSION AUTHORIZATION;

-- The form with text has no privilege of its own: that on the other one counts
SET SESSION AUTHORIZATION regress_actor_stranger;
SELECT contact_guard.act_as('mallory', 'regress_actor_stranger'::text);
SELECT contact_guard.act_as_session('mallory', NULL::text);
RESET SESSION AUTHORIZATION;
SELECT contact_guard.allow_act_as_session('regress_actor_pool', false);
SET SESSION AUTHORIZATION regress_actor_pool;
SELECT contact_guard.act_as_session('mallory', NULL::text);
RESET SESSION AUTHORIZATION;
-- Also that of the owner of a function, to whom a site has granted it under 1.0, when there was one form
CREATE FUNCTION public.regress_name(who text, role text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
	AS $$SELECT contact_guard.act_as(who, role)$$;
ALTER FUNCTION public.regress_name OWNER TO regress_actor_lender;
SET SESSION AUTHORIZATION regress_actor_pool;
BEGIN;
SELECT public.regress_name('a', 'regress_actor_desk');
ROLLBACK;
RESET SESSION AUTHORIZATION;
GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) TO regress_actor_lender;
SET SESSION AUTHORIZATION regress_actor_pool;
BEGIN;
SELECT public.regress_name('a', 'regress_actor_desk');
SELECT contact_guard.current_actor();
ROLLBACK;
RESET SESSION AUTHORIZATION;
-- A site that has taken it from the pools
REVOKE EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) FROM contact_guard_proxy;
SET SESSION AUTHORIZATION regress_actor_pool;
SELECT contact_guard.act_as('a');
SELECT contact_guard.act_as('a', 'regress_actor_desk');
RESET SESSION AUTHORIZATION;
GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) TO contact_guard_proxy;

DEALLOCATE ALL;
DROP FUNCTION public.regress_name;
REVOKE EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) FROM regress_actor_lender;
DROP ROLE regress_actor_pool, regress_actor_desk, "Regress Actor", regress_actor_stranger, regress_actor_lender;
