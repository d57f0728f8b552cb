-- what: SQL/JSON defaults and paths made of guarded values
-- since: 17
-- outcome: masked
SELECT JSON_VALUE(jsonb_build_object(phone, phone), ('$."' || phone || '"')::jsonpath) FROM crm.customer WHERE id = 42;
SELECT j.* FROM crm.customer c, JSON_TABLE(to_jsonb(c), '$' COLUMNS (p text PATH '$.phone', m text PATH '$.x' DEFAULT 'none' ON EMPTY, NESTED PATH '$.*' COLUMNS (v text PATH '$'))) j WHERE c.id = 42;
SELECT mediation.mark(c.id) FROM crm.customer c, JSON_TABLE(jsonb '[1]', '$[*]' COLUMNS (x text PATH '$.y' DEFAULT 'a' ON EMPTY)) j WHERE JSON_EXISTS(jsonb '1', '$ ? ($p == $g)' PASSING c.phone AS p, mediation.mark(42, 'PHONE') AS g) AND c.id = 42;
