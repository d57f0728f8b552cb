-- what: hidden rows: partitions read directly
-- outcome: masked
SELECT * FROM crm.area;
SELECT * FROM crm.area_n;
SELECT note, s FROM ONLY crm.area_s s;
