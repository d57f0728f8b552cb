-- what: hidden rows: the source of a MERGE
-- outcome: intact
CREATE TABLE scratch.own (id bigint, note text);
MERGE INTO scratch.own o USING crm.depot d ON o.id = d.id WHEN NOT MATCHED THEN INSERT VALUES (d.id, d.note);
INSERT INTO scratch.own SELECT id, note FROM crm.area;
CREATE TABLE scratch.other AS SELECT note FROM crm.area_s;
