-- what: min and max from an index
-- outcome: masked
SET enable_seqscan = off;
SELECT max(phone), min(phone) FROM crm.customer WHERE id <> 7;
