-- what: TABLE
-- outcome: masked
TABLE crm.customer;
