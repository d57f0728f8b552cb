-- what: a search that does not find: whom it has compared is on record
-- outcome: recorded searched
-- as: dispatcher
SELECT count(*) FROM crm.customer WHERE id = 42 AND phone ~ '^X';
