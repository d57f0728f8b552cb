-- what: act_as by who may not
-- outcome: masked
\set ON_ERROR_STOP off
SELECT contact_guard.act_as('dispatcher');
SELECT contact_guard.act_as('anna', role => 'dispatcher');
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
