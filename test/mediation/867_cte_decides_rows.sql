-- what: a CTE chooses rows by masks, and their number is stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH x AS (SELECT id FROM crm.customer WHERE phone = 'WITHHELD'), i AS (INSERT INTO scratch.t SELECT 1 FROM x) SELECT * FROM x;
