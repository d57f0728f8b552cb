-- what: ON CONFLICT DO UPDATE … WHERE guesses
-- outcome: masked
BEGIN;
INSERT INTO crm.customer VALUES (42, 'x') ON CONFLICT (id) DO UPDATE SET city = 'y' WHERE customer.phone = mediation.mark(42, 'PHONE') RETURNING mediation.mark(customer.id);
ROLLBACK;
