-- what: the customer key is another column
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.site RENAME customer_id TO old;
UPDATE crm.site SET old = 7;
SELECT door FROM crm.site;
