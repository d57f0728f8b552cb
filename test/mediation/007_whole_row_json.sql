-- what: row_to_json, to_jsonb, json_agg of whole rows
-- outcome: masked
SELECT row_to_json(c), to_jsonb(c) FROM crm.customer c;
SELECT json_agg(c) FROM crm.customer c;
