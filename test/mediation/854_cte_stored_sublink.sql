-- what: what an UPDATE returns, stored by a sub-select
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *) INSERT INTO scratch.t VALUES ((SELECT phone FROM u));
