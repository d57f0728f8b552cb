-- what: statistics of a table whose partition is guarded by itself
-- outcome: masked
-- touches: no
\c - postgres
CREATE TABLE scratch.free (id int, zone text, customer_id bigint, phone text, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE scratch.free_n PARTITION OF scratch.free FOR VALUES IN ('n');
INSERT INTO scratch.free SELECT i, 'n', 42, mediation.mark(42) FROM generate_series(42, 45) i;
GRANT ALL ON scratch.free TO anna;
SELECT mediation.guard('scratch.free_n', 'customer_id', '{phone}');
ANALYZE scratch.free;
\c - anna
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'free';
