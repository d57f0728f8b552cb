-- what: what an UPDATE returns chooses rows to delete
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), d AS (DELETE FROM crm.note WHERE word IN (SELECT phone FROM u)) SELECT * FROM u;
