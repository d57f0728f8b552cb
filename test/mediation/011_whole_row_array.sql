-- what: an array of whole rows
-- outcome: masked
SELECT array_agg(c)::text FROM crm.customer c;
SELECT (u).phone FROM (SELECT unnest(array_agg(c)) AS u FROM crm.customer c) s;
