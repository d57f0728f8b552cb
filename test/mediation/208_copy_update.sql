-- what: COPY (UPDATE … RETURNING)
-- outcome: masked
BEGIN;
COPY (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *) TO STDOUT;
COPY (DELETE FROM crm.customer WHERE id = 43 RETURNING customer) TO STDOUT;
ROLLBACK;
