-- what: a search in the sub-select of an UPDATE that a technician runs
-- outcome: refused 42501
-- as: anna
UPDATE crm.note SET word = 'x' WHERE customer_id IN (SELECT id FROM crm.customer WHERE phone ILIKE '%0042%');
