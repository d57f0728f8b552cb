-- what: the TOAST table of a guarded one
-- outcome: refused 0A000
-- touches: no
\c - postgres
CREATE TABLE scratch.t (id bigint, phone text);
ALTER TABLE scratch.t ALTER phone SET STORAGE EXTERNAL;
INSERT INTO scratch.t SELECT 42, mediation.mark(42) || repeat('x', 5000);
SELECT mediation.guard('scratch.t', 'id', '{phone}');
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'scratch.t'::regclass \gset
GRANT pg_read_all_data TO anna;
\c - anna
SELECT encode(chunk_data, 'escape') FROM :toast;
