-- what: SQL/JSON made of guarded values is stored
-- since: 17
-- outcome: refused 42501
CREATE TABLE scratch.t (j jsonb);
INSERT INTO scratch.t SELECT JSON_OBJECT('p': phone RETURNING jsonb) FROM crm.customer WHERE id = 42;
