-- what: pg_stats of an expression index
-- outcome: masked
-- touches: no
\c - postgres
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t SELECT id, phone FROM crm.customer;
CREATE INDEX ti ON scratch.t (upper(phone));
ANALYZE scratch.t;
GRANT SELECT ON scratch.t TO anna;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - anna
SELECT tablename, histogram_bounds FROM pg_stats WHERE schemaname = 'scratch' AND attname <> 'id';
