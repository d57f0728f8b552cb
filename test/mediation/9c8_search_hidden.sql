-- what: a search in hidden rows, and in partitions
-- outcome: shown searched
-- as: dispatcher
SELECT id, code FROM crm.depot WHERE code ILIKE '%-0007-%';
SELECT id, door FROM crm.site WHERE door ~ '-0007-' AND zone IS NOT NULL;
