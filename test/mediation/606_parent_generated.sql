-- what: a generated column added to a parent that is open
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE TABLE scratch.p (phone text);
ALTER TABLE crm.customer INHERIT scratch.p;
ALTER TABLE scratch.p ADD up text GENERATED ALWAYS AS (upper(phone)) STORED;
SELECT up FROM crm.customer;
