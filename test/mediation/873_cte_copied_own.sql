-- what: what an UPDATE returns of a customer with a window, stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 7 RETURNING *), i AS (INSERT INTO scratch.t SELECT phone FROM u) SELECT * FROM u;
