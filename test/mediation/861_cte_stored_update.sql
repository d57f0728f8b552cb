-- what: what an UPDATE returns, stored by another UPDATE
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), v AS (UPDATE crm.note SET word = u.phone FROM u WHERE u.id = customer_id RETURNING *) SELECT * FROM v;
