-- what: a guarded table becomes a partition of an open one
-- outcome: refused 42501
-- as: owner
\c - postgres
CREATE TABLE scratch.p (id bigint, phone text) PARTITION BY RANGE (id);
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t SELECT id, phone FROM crm.customer;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
ALTER TABLE scratch.p OWNER TO owner;
ALTER TABLE scratch.t OWNER TO owner;
\c - owner
ALTER TABLE scratch.p ATTACH PARTITION scratch.t DEFAULT;
SELECT phone FROM scratch.p;
