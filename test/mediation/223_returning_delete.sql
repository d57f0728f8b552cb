-- what: DELETE … RETURNING, and USING
-- outcome: masked
BEGIN;
DELETE FROM crm.customer c USING crm.note n WHERE c.id = n.customer_id RETURNING c.*, n.word;
ROLLBACK;
