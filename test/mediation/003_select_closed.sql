-- what: a visit that has ended, and one that has not begun
-- outcome: masked
SELECT phone, mobile, email FROM crm.customer WHERE id IN (42, 43);
