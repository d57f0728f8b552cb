-- what: COPY of a query on a view
-- outcome: masked
CREATE VIEW scratch.v AS SELECT * FROM crm.customer;
COPY (SELECT * FROM scratch.v) TO STDOUT;
