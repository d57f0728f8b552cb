-- what: aggregates, ordered and filtered
-- outcome: masked
SELECT string_agg(phone, ',' ORDER BY id), array_agg(mobile), jsonb_object_agg(id, email), count(*) FILTER (WHERE phone LIKE 'GUARD%') FROM crm.customer;
