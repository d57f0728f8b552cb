-- Everything that PostgreSQL's catalogs say of the extension: a line for each of their
-- rows, with names in place of OIDs, so that two databases can be compared.
--
-- Which rows those are, and what is in them, is asked of the catalogs themselves: the
-- members of the extension, its schema, and what depends on these internally; and all
-- columns of all catalogs, but for what says where and when something is stored.  The
-- months of the log are all called log_MONTH.

-- Months, and names that PostgreSQL gives: a month that a purge has made anew has indexes
-- with a number more.
CREATE FUNCTION pg_temp.without_months(text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := regexp_replace($1, 'log_\d{4}_\d\d', 'log_MONTH', 'g');
BEGIN
	result := regexp_replace(result, '(log_MONTH_\w+_idx)\d+', '\1', 'g');
	-- Constraints from 18 on; PostgreSQL keeps the name that they got when the table was made.
	result := regexp_replace(result, '\w+_not_null\M', 'NOT_NULL', 'g');
	result := regexp_replace(result, 'FROM \(''\d{4}-\d\d-\d\d.*', 'one month');
	RETURN regexp_replace(result, 'pg_toast_\d+', 'pg_toast_NUMBER', 'g');
END $$;

-- What has a name of its own in each database.
CREATE FUNCTION pg_temp.name_of(class oid, object oid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name  text;
	toast text;
BEGIN
	IF object = 0 THEN
		RETURN '-';
	END IF;
	SELECT i.type || ' ' || i.identity INTO name FROM pg_identify_object(class, object, 0) i;
	toast := substring(name FROM 'pg_toast_(\d+)');
	IF toast IS NOT NULL THEN
		name := replace(name, toast, toast::oid::regclass::text);
	END IF;
	RETURN pg_temp.without_months(name);
END $$;

CREATE FUNCTION pg_temp.names_of(class oid, objects oid[]) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(pg_temp.name_of(class, o), ', ' ORDER BY n) FROM unnest(objects) WITH ORDINALITY AS u(o, n)$$;

CREATE TEMP TABLE own AS
WITH RECURSIVE own (classid, objid) AS (
	SELECT 'pg_extension'::regclass::oid, oid FROM pg_extension WHERE extname = 'contact_guard'
	UNION
	SELECT 'pg_namespace'::regclass::oid, extnamespace FROM pg_extension WHERE extname = 'contact_guard'
	UNION
	SELECT d.classid, d.objid FROM own o JOIN pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid
	 WHERE d.deptype IN ('e', 'i', 'a', 'P', 'S', 'I'))
SELECT * FROM own;

-- In place of what is stored as a tree of nodes, whose numbers are the database's; and
-- without a counter that some builds of PostgreSQL keep among a column's options.
CREATE TEMP TABLE trees (catalog regclass, col name, expression text);
INSERT INTO trees VALUES
	('pg_attribute', 'attoptions', 'ARRAY(SELECT o FROM unnest(attoptions) o WHERE o !~ ''^pg_attver='')'),
	('pg_attrdef', 'adbin', 'pg_get_expr(adbin, adrelid)'), ('pg_class', 'relpartbound', 'pg_get_expr(relpartbound, oid)'),
	('pg_constraint', 'conbin', 'pg_get_constraintdef(oid)'), ('pg_index', 'indexprs', 'pg_get_indexdef(indexrelid)'),
	('pg_index', 'indpred', 'pg_get_expr(indpred, indrelid)'), ('pg_partitioned_table', 'partexprs', 'pg_get_partkeydef(partrelid)'),
	('pg_policy', 'polqual', 'pg_get_expr(polqual, polrelid)'), ('pg_policy', 'polwithcheck', 'pg_get_expr(polwithcheck, polrelid)'),
	('pg_proc', 'proargdefaults', 'pg_get_function_arguments(oid)'), ('pg_proc', 'prosqlbody', 'pg_get_function_sqlbody(oid)'),
	('pg_rewrite', 'ev_action', 'pg_get_ruledef(oid)'), ('pg_rewrite', 'ev_qual', '1'), ('pg_statistic_ext', 'stxexprs', 'pg_get_statisticsobjdef(oid)'),
	('pg_publication_rel', 'prqual', 'pg_get_expr(prqual, prrelid)'), ('pg_trigger', 'tgqual', 'pg_get_triggerdef(oid)'), ('pg_type', 'typdefaultbin', 'typdefault');

-- Where something is stored, what PostgreSQL keeps for its own speed, and the number of an
-- array's dimensions, which it does not heed and which LIKE does not copy.
CREATE TEMP TABLE skipped (catalog regclass, col name);
INSERT INTO skipped SELECT 'pg_class', unnest('{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhassubclass,relhasindex,relhasrules,relname}'::name[]);
INSERT INTO skipped VALUES ('pg_attribute', 'attcacheoff'), ('pg_attribute', 'attndims'), ('pg_attribute', 'atthasmissing'), ('pg_attribute', 'attmissingval'), ('pg_index', 'indcheckxmin'), ('pg_extension', 'extconfig'), ('pg_extension', 'extcondition');

CREATE FUNCTION pg_temp.column_text(catalog oid, att pg_attribute) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	target oid;
	tree   text;
BEGIN
	SELECT pktable INTO target FROM pg_get_catalog_foreign_keys() f
	 WHERE f.fktable = catalog AND f.fkcols = ARRAY[att.attname::text];
	SELECT expression INTO tree FROM trees t WHERE t.catalog = column_text.catalog AND t.col = att.attname;
	IF tree IS NOT NULL THEN
		RETURN format('pg_temp.without_months((%s)::text)', tree);
	ELSIF att.atttypid = 'pg_node_tree'::regtype THEN
		RAISE 'no expression for %.%', catalog::regclass, att.attname;
	ELSIF target IS NOT NULL AND att.atttypid IN ('oid'::regtype, 'regproc'::regtype) THEN
		RETURN format('pg_temp.name_of(%s, %I::oid)', target, att.attname);
	ELSIF target IS NOT NULL THEN
		RETURN format('pg_temp.names_of(%s, %I::oid[])', target, att.attname);
	ELSIF att.atttypid = 'aclitem[]'::regtype THEN
		RETURN format('(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(%I) a)::text', att.attname);
	END IF;
	RETURN format('pg_temp.without_months(%I::text)', att.attname);
END $$;

-- Which of a catalog's rows are about something of ours; NULL: none can be.
CREATE FUNCTION pg_temp.condition(c regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	columns name[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = c AND attnum > 0);
	first   name;
	target  oid;
BEGIN
	IF 'classoid' = ANY (columns) AND 'objoid' = ANY (columns) THEN
		RETURN '(classoid, objoid) IN (SELECT classid, objid FROM own)';
	ELSIF 'oid' = ANY (columns) AND c <> 'pg_enum'::regclass THEN
		RETURN format('(%s::oid, oid) IN (SELECT classid, objid FROM own)', c::oid);
	END IF;
	SELECT a.attname INTO first FROM pg_index i JOIN pg_attribute a ON a.attrelid = c AND a.attnum = i.indkey[0]
	 WHERE i.indrelid = c AND i.indisprimary;
	IF c = 'pg_enum'::regclass THEN
		first := 'enumtypid';
	END IF;
	SELECT pktable INTO target FROM pg_get_catalog_foreign_keys() f WHERE f.fktable = c AND f.fkcols = ARRAY[first::text];
	IF target IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN format('(%s::oid, %I::oid) IN (SELECT classid, objid FROM own)', target, first);
END $$;

CREATE FUNCTION pg_temp.catalog() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	c         regclass;
	condition text;
	row_text  text;
	key       text;
BEGIN
	FOR c IN SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND oid < 16384
	            AND oid NOT IN ('pg_depend'::regclass, 'pg_shdepend'::regclass, 'pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
	LOOP
		condition := pg_temp.condition(c);
		CONTINUE WHEN condition IS NULL;
		SELECT string_agg(format('%L || coalesce(%s, ''NULL'')', ' ' || attname || '=', pg_temp.column_text(c, a)), ' || ' ORDER BY attnum)
		  INTO row_text FROM pg_attribute a
		 WHERE attrelid = c AND attnum > 0 AND attname NOT IN ('oid', 'objoid', 'classoid')
		   AND (attrelid, attname) NOT IN (SELECT catalog, col FROM skipped);
		key := CASE WHEN condition LIKE '(classoid%' THEN 'pg_temp.name_of(classoid, objoid)'
			WHEN condition LIKE '%::oid, oid)%' THEN format('pg_temp.name_of(%s, oid)', c::oid) ELSE '''''' END;
		RETURN QUERY EXECUTE format('SELECT %L || '' '' || %s || %s FROM %s WHERE %s', c::text || ':', key, row_text, c, condition);
	END LOOP;
	RETURN QUERY SELECT 'config: ' || pg_temp.name_of('pg_class'::regclass, t.config) || ' ' || t.condition
		FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS t(config, condition) WHERE e.extname = 'contact_guard';
	RETURN QUERY SELECT format('depend: %s %s -> %s %s %s', pg_temp.name_of(classid, objid), objsubid, pg_temp.name_of(refclassid, refobjid), refobjsubid, deptype)
		FROM pg_depend WHERE (classid, objid) IN (SELECT classid, objid FROM own) AND deptype <> 'p';
	RETURN QUERY SELECT format('shared: %s %s -> %s %s', pg_temp.name_of(classid, objid), objsubid, pg_temp.name_of(refclassid, refobjid), deptype)
		FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		 AND (classid, objid) IN (SELECT classid, objid FROM own);
	-- No statistics of what is personal
	RETURN QUERY SELECT format('statistics: %s %s', starelid::regclass, staattnum) FROM pg_statistic s
		JOIN pg_attribute a ON attrelid = starelid AND attnum = staattnum
		WHERE ('pg_class'::regclass::oid, starelid) IN (SELECT classid, objid FROM own) AND attstattarget = 0;
END $$;
SELECT replace(line, E'\n', E'\\n') FROM pg_temp.catalog() line GROUP BY line ORDER BY line COLLATE "C";
