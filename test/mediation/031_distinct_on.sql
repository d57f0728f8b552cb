-- what: DISTINCT ON
-- outcome: masked
SELECT DISTINCT ON (right(phone, 7)) id, phone, mobile FROM crm.customer ORDER BY right(phone, 7), id DESC;
