-- what: hidden rows: the owner, and an admin
-- outcome: masked
-- as: owner
-- touches: no
SELECT * FROM crm.depot;
SELECT note FROM crm.area_n;
\c - admin
SELECT * FROM crm.depot;
SELECT note FROM crm.area;
