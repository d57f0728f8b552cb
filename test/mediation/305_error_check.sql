-- what: "Failing row contains" of a CHECK
-- outcome: refused 23514
UPDATE crm.customer SET name = 'bad' WHERE id = 42 AND mobile IS DISTINCT FROM 'x';
