-- what: CREATE TABLE AS of what an UPDATE returns
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
CREATE TABLE scratch.t2 AS WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *) SELECT phone FROM u;
