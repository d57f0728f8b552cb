-- what: hidden rows: an unguarded column
-- outcome: masked
-- touches: no
SELECT id, note FROM crm.depot;
SELECT max(note), string_agg(note, ' ') FROM crm.area;
