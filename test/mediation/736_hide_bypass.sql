-- what: hidden rows: a role past row security sees masks
-- outcome: masked
-- as: bypass
SELECT id, code FROM crm.depot;
SELECT id, code FROM crm.area_n;
SELECT mediation.mark(id) FROM crm.depot WHERE code = mediation.mark(id, 'CODE');
