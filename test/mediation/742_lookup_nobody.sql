-- what: a look-up that finds nobody is on record
-- outcome: recorded lookup
-- as: dispatcher
SELECT id FROM crm.customer WHERE phone = 'nobody';
