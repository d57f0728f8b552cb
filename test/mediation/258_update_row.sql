-- what: a column from a sub-select of the same row
-- outcome: intact
-- error: 42501
UPDATE crm.customer SET (phone, mobile) = (SELECT c.mobile, c.phone FROM crm.customer c WHERE c.id = 42) WHERE id = 42;
