-- what: direct calls of what is for admins
-- outcome: masked
\set ON_ERROR_STOP off
SELECT contact_guard.allow('anna', 'because');
SELECT contact_guard.unprotect('crm.customer');
SELECT contact_guard.retire();
SELECT contact_guard.open_intervention(42::bigint, 'anna', '-infinity', 'infinity');
SELECT contact_guard.forget_interventions('crm.visit');
SELECT contact_guard.protect('crm.customer', 'id', '{phone}', 'partial(40,40)');
SELECT contact_guard.record_policy('x'), contact_guard.begin_journal();
SECURITY LABEL FOR contact_guard ON COLUMN crm.customer.phone IS NULL;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
