-- what: duplicates that look alike
-- outcome: refused 42501
DELETE FROM crm.customer a USING crm.customer b WHERE a.phone = b.phone AND a.id > b.id;
