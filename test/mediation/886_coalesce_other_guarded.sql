-- what: COALESCE(x, phone) in another guarded column
-- outcome: refused 42501
UPDATE crm.customer SET mobile = COALESCE(NULL, phone) WHERE id = 42;
