-- what: what a recursive CTE moves from column to column, stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH RECURSIVE r(n, a, b, c) AS (SELECT 1, phone, NULL::text, NULL::text FROM crm.customer WHERE id = 42 UNION ALL SELECT n + 1, NULL, a, b FROM r WHERE n < 3), i AS (INSERT INTO scratch.t SELECT c FROM r) SELECT 1;
