-- what: CASE over what an UPDATE returns makes a value that is stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT CASE substr(phone, 14, 1) WHEN 'P' THEN 'P' END FROM u) SELECT * FROM u;
