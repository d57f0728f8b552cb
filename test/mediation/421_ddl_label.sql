-- what: the owner takes the label away
-- outcome: masked
-- as: owner
\set ON_ERROR_STOP off
SECURITY LABEL FOR contact_guard ON COLUMN crm.customer.phone IS NULL;
SELECT contact_guard.unprotect('crm.customer');
DELETE FROM pg_seclabel;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
