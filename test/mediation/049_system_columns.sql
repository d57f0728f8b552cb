-- what: by ctid, tableoid, xmin
-- outcome: masked
SELECT ctid, xmin, tableoid::regclass, phone FROM crm.customer WHERE ctid = '(0,42)';
SELECT phone FROM crm.customer WHERE ctid > '(0,10)';
