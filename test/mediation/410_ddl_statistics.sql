-- what: CREATE STATISTICS
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE STATISTICS scratch.s ON upper(phone) FROM crm.customer;
