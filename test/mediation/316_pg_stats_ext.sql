-- what: extended statistics
-- outcome: masked
-- as: owner
-- touches: no
CREATE TABLE scratch.t (id bigint, city text, phone text);
INSERT INTO scratch.t SELECT i, 'c' || i % 2, mediation.mark(42) FROM generate_series(1, 100) i;
CREATE STATISTICS scratch.st (mcv) ON city, phone FROM scratch.t;
CREATE STATISTICS scratch.se ON upper(phone) FROM scratch.t;
ANALYZE scratch.t;
\c - postgres
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - owner
SELECT most_common_vals FROM pg_stats_ext WHERE schemaname = 'scratch';
SELECT most_common_vals, histogram_bounds FROM pg_stats_ext_exprs WHERE schemaname = 'scratch';
DROP TABLE scratch.t;
