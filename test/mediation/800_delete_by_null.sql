-- what: a clean-up of those who seem to have no e-mail
-- outcome: refused 42501
DELETE FROM crm.customer WHERE email IS NULL;
