-- what: act_as in a function of the pool's
-- outcome: masked
\c - pool
CREATE FUNCTION scratch.f() RETURNS void SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN PERFORM contact_guard.act_as('x', role => 'dispatcher'); END$$;
\c - anna
\set ON_ERROR_STOP off
BEGIN;
SELECT scratch.f();
ROLLBACK;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
