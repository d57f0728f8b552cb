-- what: a virtual column is stored elsewhere
-- since: 18
-- outcome: refused 42501
-- as: owner
CREATE TABLE scratch.t (id bigint PRIMARY KEY, phone text, note text, up text GENERATED ALWAYS AS (upper(phone)) VIRTUAL);
INSERT INTO scratch.t (id, phone) VALUES (42, mediation.mark(42, 'PHONE'));
GRANT ALL ON scratch.t TO anna;
\c - admin
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - anna
UPDATE scratch.t SET note = up;
