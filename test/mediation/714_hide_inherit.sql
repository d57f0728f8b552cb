-- what: hidden rows: a child table
-- outcome: masked
-- touches: no
\c - postgres
BEGIN;
CREATE TABLE scratch.w (more text) INHERITS (crm.depot);
INSERT INTO scratch.w VALUES (99, 42, mediation.mark(42, 'CODE'), mediation.mark(42, 'NOTE'), mediation.mark(42, 'MORE'));
GRANT SELECT ON scratch.w TO anna;
SET SESSION AUTHORIZATION anna;
SELECT * FROM scratch.w;
SELECT w, w.more FROM scratch.w;
SELECT note FROM crm.depot;
ROLLBACK;
