-- what: ordered-set aggregates
-- outcome: masked
SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY phone), mode() WITHIN GROUP (ORDER BY mobile) FROM crm.customer;
