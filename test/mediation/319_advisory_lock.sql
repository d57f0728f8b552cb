-- what: advisory locks as a side channel
-- outcome: masked
BEGIN;
SELECT pg_advisory_xact_lock(id) FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
SELECT mediation.mark(objid::bigint) FROM pg_locks WHERE locktype = 'advisory';
ROLLBACK;
