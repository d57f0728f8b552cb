-- what: a generated column that is guarded, too
-- outcome: masked
\c - postgres
CREATE TABLE scratch.t (id bigint, phone text, up text GENERATED ALWAYS AS (upper(phone)) STORED);
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
GRANT SELECT ON scratch.t TO anna;
SELECT mediation.guard('scratch.t', 'id', '{phone,up}');
\c - anna
SELECT * FROM scratch.t;
