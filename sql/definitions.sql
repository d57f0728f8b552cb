-- What auditors read is what the install script has made.  contact-guard verify sends the query
-- between the two marks, and knows the answer in expected/definitions.out: test/definitions
-- makes src/client/definitionlist.h of both.  So where this test fails because the install
-- script has changed: ACCEPT=1 test/run regress definitions, then test/definitions.
\pset format unaligned
\pset tuples_only on
SET search_path = '';
SET quote_all_identifiers = off;
SET bytea_output = 'hex';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
-- begin
WITH member AS (
	SELECT d.objid AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
	 WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
	   AND d.deptype = 'e' AND e.extname = 'contact_guard'),
definition AS (
	SELECT CASE p.prokind WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || p.oid::pg_catalog.regprocedure::pg_catalog.text AS what,
	       CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE '' END AS text
	  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'contact_guard'::pg_catalog.regnamespace
	UNION ALL
	SELECT 'view ' || c.oid::pg_catalog.regclass::pg_catalog.text,
	       pg_catalog.concat_ws(' ', pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(c.oid), '\m(list_\w+|pg_seclabel)\.', '', 'g'), c.reloptions)
	  FROM pg_catalog.pg_class c JOIN member m ON m.oid = c.oid WHERE c.relkind = 'v'
	UNION ALL
	SELECT 'table ' || c.oid::pg_catalog.regclass::pg_catalog.text,
	       pg_catalog.concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
	           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid),
	           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_inherits i WHERE c.oid = i.inhrelid OR (c.oid = i.inhparent AND c.relkind = 'r')))
	  FROM pg_catalog.pg_class c JOIN member m ON m.oid = c.oid WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition)
SELECT what, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(text, 'UTF8')), 'hex') AS digest
  FROM definition ORDER BY what COLLATE "C";
-- end
