-- A view whose reads pgaudit writes into the server's log.
CREATE EXTENSION pgaudit;
CREATE ROLE audited;
GRANT SELECT ON crm.plain TO audited;
ALTER SYSTEM SET pgaudit.role = 'audited';
ALTER SYSTEM SET pgaudit.log_parameter = on;
SELECT pg_reload_conf();
