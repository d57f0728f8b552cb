-- what: NOTIFY payloads
-- outcome: masked
LISTEN c;
SELECT pg_notify('c', phone) FROM crm.customer WHERE id > 40;
