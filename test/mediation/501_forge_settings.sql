-- what: SET of our settings
-- outcome: masked
\set ON_ERROR_STOP off
SET contact_guard.durability = relaxed;
SET contact_guard.copies = record;
SELECT set_config('contact_guard.copies', 'record', false);
SELECT set_config('contact_guard.max_backlog', '64', false);
SET contact_guard.actor = 'dispatcher';
SET LOCAL contact_guard.withheld_detail = 0;
ALTER ROLE anna SET contact_guard.copies = record;
\c -
SET session_preload_libraries = '';
LOAD 'contact_guard';
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
