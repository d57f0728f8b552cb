-- what: writing the mask back
-- outcome: intact
UPDATE crm.customer SET city = 'z', phone = 'WITHHELD', mobile = repeat('*', 19), email = NULL WHERE id = 42;
UPDATE crm.customer SET city = 'city 0' WHERE id = 42;
UPDATE crm.customer SET phone = 'WITHHELD', mobile = repeat('*', 19), email = NULL WHERE id = 42;
SELECT city FROM crm.customer WHERE id = 42;
UPDATE crm.customer SET city = 'city 0' WHERE id = 42;
