-- what: an UPDATE compares the old value with the guess that it sets
-- outcome: refused 42501
UPDATE crm.customer SET phone = 'GUARDED-0042-PHONE', city = CASE WHEN phone = 'GUARDED-0042-PHONE' THEN 'yes' ELSE 'no' END WHERE id = 42;
