-- what: ON CONFLICT through a table whose partition is guarded by itself
-- outcome: refused 0A000
-- touches: no
\c - postgres
CREATE TABLE scratch.free (id int, zone text, customer_id bigint, phone text, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE scratch.free_n PARTITION OF scratch.free FOR VALUES IN ('n');
INSERT INTO scratch.free VALUES (42, 'n', 42, mediation.mark(42));
GRANT ALL ON scratch.free TO anna;
SELECT mediation.guard('scratch.free_n', 'customer_id', '{phone}');
\c - anna
INSERT INTO scratch.free VALUES (42, 'n', 7, 'x') ON CONFLICT (id, zone) DO UPDATE SET zone = 'n' RETURNING *;
