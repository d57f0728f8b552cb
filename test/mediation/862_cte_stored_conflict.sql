-- what: what an UPDATE returns, stored by ON CONFLICT
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO crm.note VALUES (1) ON CONFLICT (id) DO UPDATE SET word = (SELECT max(phone) FROM u)) SELECT 1;
