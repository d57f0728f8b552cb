-- what: a partition read directly
-- outcome: masked
SELECT * FROM crm.site_n;
SELECT s, door FROM crm.site_s s;
