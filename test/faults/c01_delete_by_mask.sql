-- right: each statement that a mask decides is refused (42501)
-- never: (left|lost): \d
\c crm owner
SET client_min_messages=error;
-- a nightly clean-up: a mask must not decide which rows go
BEGIN; DELETE FROM crm.customer WHERE phone = 'WITHHELD'; SELECT 'left: ' || count(*) FROM crm.customer; ROLLBACK;
BEGIN; DELETE FROM crm.customer WHERE email IS NULL; SELECT 'left: ' || count(*) FROM crm.customer; ROLLBACK;
BEGIN; UPDATE crm.customer SET name = 'lost' WHERE phone !~ '^SECRET'; SELECT 'lost: ' || count(*) FROM crm.customer WHERE name = 'lost'; ROLLBACK;
BEGIN; DELETE FROM crm.customer a USING crm.customer b WHERE a.phone = b.phone AND a.id > b.id; SELECT 'left: ' || count(*) FROM crm.customer; ROLLBACK;
