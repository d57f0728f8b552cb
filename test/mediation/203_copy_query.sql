-- what: COPY (query) TO STDOUT
-- outcome: masked
COPY (SELECT * FROM crm.customer ORDER BY phone) TO STDOUT;
