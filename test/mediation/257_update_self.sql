-- what: every guarded column set to itself
-- outcome: intact
-- error: 42501
UPDATE crm.customer SET phone = upper(phone), mobile = left(mobile, 12) WHERE id = 42;
