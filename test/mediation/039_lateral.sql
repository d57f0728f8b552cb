-- what: LATERAL
-- outcome: masked
SELECT l.x, v.y, s FROM crm.customer c, LATERAL (SELECT c.phone AS x OFFSET 0) l, LATERAL (VALUES (c.mobile), (l.x)) v (y), LATERAL string_to_table(c.phone, '#') s;
