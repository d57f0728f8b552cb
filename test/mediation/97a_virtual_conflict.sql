-- what: virtual columns in ON CONFLICT, MERGE, triggers' rows and sub-selects of RETURNING
-- since: 18
-- outcome: masked
-- as: owner
CREATE TABLE scratch.t (id bigint PRIMARY KEY, phone text, note text, up text GENERATED ALWAYS AS (upper(phone)) VIRTUAL);
INSERT INTO scratch.t (id, phone) VALUES (42, mediation.mark(42, 'PHONE')), (41, mediation.mark(41, 'PHONE'));
GRANT ALL ON scratch.t TO anna;
\c - admin
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - anna
INSERT INTO scratch.t (id, note) VALUES (42, 'n') ON CONFLICT (id) DO UPDATE SET note = excluded.note RETURNING up, old.up, new.up, t, (SELECT old.up || new.up);
MERGE INTO scratch.t USING (VALUES (41)) v (i) ON id = v.i WHEN MATCHED THEN UPDATE SET note = 'm' RETURNING up, old.up, new;
SELECT up FROM scratch.t GROUP BY GROUPING SETS ((up), (up, phone), ());
SELECT (SELECT t.up FROM crm.note LIMIT 1), lag(up) OVER (ORDER BY id) FROM scratch.t;
COPY scratch.t (id, up) TO STDOUT;
DELETE FROM scratch.t WHERE id = 42 RETURNING old.up, new.up, old;
