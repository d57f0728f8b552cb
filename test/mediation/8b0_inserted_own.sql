-- what: an ORM creates a row, reads it and saves it, in one transaction
-- outcome: masked
PREPARE q AS SELECT 1 / (phone = '0612345678')::int, phone FROM crm.customer WHERE id = 100;
SELECT phone FROM crm.customer WHERE id = 42;
BEGIN;
SAVEPOINT s;
INSERT INTO crm.customer (id, name, phone, mobile, email) VALUES (100, 'new', '0612345678', '0687654321', 'a@b.c'), (101, 'new', '0612345679', NULL, DEFAULT) RETURNING id;
RELEASE s;
EXECUTE q;
SELECT 1 / (mobile = '0687654321' AND email = 'a@b.c')::int, c FROM crm.customer c WHERE id = 100;
SELECT phone, count(*) FROM crm.customer c JOIN crm.site s ON s.id = c.id - 59 WHERE c.id >= 42 GROUP BY c.id ORDER BY phone;
SELECT c.phone, o.phone FROM crm.customer c FULL JOIN crm.customer o ON c.phone = o.phone;
UPDATE crm.customer SET id = 100, name = 'saved', city = NULL, phone = '0600000001', mobile = '0687654321', email = 'a@b.c' WHERE id = 100;
SELECT * FROM crm.customer;
SAVEPOINT s;
SELECT 1 / (phone = '0612345679')::int FROM crm.customer WHERE id = 101;
ROLLBACK TO s;
SELECT 1 / (phone = '0612345679')::int FROM crm.customer WHERE id = 101;
COMMIT;
SELECT 1 / (phone = 'WITHHELD')::int FROM crm.customer WHERE id = 101;
