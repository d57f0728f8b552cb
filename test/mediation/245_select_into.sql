-- what: SELECT INTO
-- outcome: refused 42501
SELECT * INTO scratch.t FROM crm.customer;
