-- what: GROUP BY in a SQL function in FROM, of expressions, in CTEs and in outer joins
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS TABLE (p text, n bigint) STABLE LANGUAGE sql AS 'SELECT phone, count(*) FROM crm.customer GROUP BY phone';
CREATE FUNCTION scratch.tell(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
SELECT * FROM scratch.f();
SELECT n.id, g.p FROM crm.note n LEFT JOIN (SELECT phone AS p, min(id) AS i FROM crm.customer GROUP BY phone) g ON g.i = n.customer_id;
SELECT scratch.tell(phone), (SELECT scratch.tell(mobile)) FROM crm.customer GROUP BY scratch.tell(phone), mobile, (SELECT scratch.tell(mobile)), phone;
SELECT mediation.mark(min(id)) FROM crm.customer GROUP BY phone HAVING phone = mediation.mark(42, 'PHONE');
SELECT mediation.mark(min(id)) FROM crm.customer GROUP BY phone = mediation.mark(42, 'PHONE') HAVING phone = mediation.mark(42, 'PHONE');
SELECT phone, array_agg(email ORDER BY phone) FROM crm.customer GROUP BY DISTINCT ROLLUP (phone, mobile), phone;
