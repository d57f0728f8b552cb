-- what: ts_headline, ts_stat, to_tsvector
-- outcome: masked
SELECT ts_headline(phone, to_tsquery('guarded')), to_tsvector(phone) FROM crm.customer WHERE id > 40;
SELECT * FROM ts_stat('SELECT ARRAY[phone]::text[]::text::tsvector FROM crm.customer WHERE id > 40');
