-- what: a guarded column without a window
-- outcome: refused 42501
UPDATE crm.customer SET phone = 'other' WHERE id = 42;
