-- what: a look-up FOR UPDATE, and through a parent with other columns
-- outcome: shown lookup
-- as: dispatcher
BEGIN;
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE' FOR UPDATE;
SELECT mediation.mark(customer_id) FROM crm.site WHERE door IN ('GUARDED-0042-DOOR', 'GUARDED-0041-DOOR');
ROLLBACK;
