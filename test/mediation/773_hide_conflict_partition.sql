-- what: hidden rows: ON CONFLICT in a partition
-- outcome: refused 42501
-- as: postgres
BEGIN;
CREATE UNIQUE INDEX ON crm.area_n (id);
SET SESSION AUTHORIZATION anna;
INSERT INTO crm.area_n VALUES (41, 'n', 7, 'x', 'x') ON CONFLICT (id) DO UPDATE SET zone = 'n' RETURNING *;
