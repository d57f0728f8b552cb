-- what: hidden rows: a standing permission
-- outcome: shown
-- as: dispatcher
SELECT * FROM crm.depot;
SELECT code FROM crm.area_s;
