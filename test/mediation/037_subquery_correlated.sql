-- what: correlated subqueries
-- outcome: masked
SELECT id, (SELECT phone), (SELECT c.mobile || '!' FROM crm.note LIMIT 1), (SELECT d.phone FROM crm.customer d WHERE d.id = c.id) FROM crm.customer c;
