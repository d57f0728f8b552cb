-- what: CREATE RULE
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE RULE r AS ON UPDATE TO crm.customer DO ALSO SELECT old.phone;
UPDATE crm.customer SET city = 'x' WHERE id = 42;
