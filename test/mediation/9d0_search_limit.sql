-- what: a search with LIMIT: whom it finds is on record, through a sub-select and JSON, too
-- outcome: shown
-- as: dispatcher
SELECT id, upper(phone) FROM crm.customer WHERE phone ILIKE 'guarded%' ORDER BY name, id LIMIT 5 OFFSET 2;
SELECT json_agg(p) FROM (SELECT mediation.mark(id), c.* FROM crm.customer c WHERE mobile ~ '-000' OR email ~ 'x' ORDER BY id LIMIT 7) p;
SELECT mediation.mark(id) FROM crm.customer WHERE phone ~ '-00' ORDER BY id LIMIT 3 OFFSET 1;
