-- right: the FETCHes after the closing are refused (55000) or masked
-- shows: SECRET-PHONE-0007.*after closing
-- never: after closing.*SECRET-PHONE-0007
\c crm postgres
UPDATE crm.visit SET ends_at = now() + interval '1 day' WHERE id=1;
SELECT contact_guard.sync();
SELECT coalesce(max(seq),0) AS before FROM contact_guard.log \gset
\c crm anna
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.customer WHERE id IN (7,42) ORDER BY phone;
FETCH ALL FROM c;
\! psql -X -q -d crm -U postgres -c "UPDATE crm.visit SET ends_at = now() - interval '1 second' WHERE id=1"
SELECT pg_sleep(2);
SELECT phone AS "after closing" FROM crm.customer WHERE id = 7;
FETCH FIRST FROM c;
MOVE ABSOLUTE 0 IN c;
FETCH ALL FROM c;
COMMIT;
\c crm postgres
SELECT contact_guard.sync();
SELECT read_at, event, customer, query FROM contact_guard.access_log WHERE actor='anna' AND seq > :before ORDER BY seq;
UPDATE crm.visit SET ends_at = now() + interval '1 day' WHERE id=1;
