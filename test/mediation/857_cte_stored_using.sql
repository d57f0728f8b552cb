-- what: what an UPDATE returns, stored through the column of a join USING
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
INSERT INTO scratch.t VALUES ('x', '1');
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING phone AS a), i AS (INSERT INTO scratch.t SELECT a FROM u FULL JOIN scratch.t t USING (a)) SELECT 1;
