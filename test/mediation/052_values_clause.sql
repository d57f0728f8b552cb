-- what: VALUES with subqueries
-- outcome: masked
VALUES ((SELECT phone FROM crm.customer WHERE id = 42)), ((SELECT mobile FROM crm.customer WHERE id = 43));
