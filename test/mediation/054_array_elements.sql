-- what: elements, slices, json paths
-- outcome: masked
SELECT phones[2], phones[1:2], more ->> 'tel', more['tel'], jsonb_path_query(more, '$.*') FROM crm.parts;
SELECT unnest(phones) FROM crm.parts;
