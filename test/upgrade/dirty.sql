-- What CREATE EXTENSION contact_guard VERSION '1.0' did with the library of 1.0, and does
-- not with this one: the objects are the installer's, and have default privileges.
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT d.classid, d.objid, i.identity,
		       CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' WHEN d.classid = 'pg_class'::regclass THEN 'TABLE' ELSE upper(i.type) END AS kind,
		       c.relname ~ '^log_' AS is_month
		  FROM (SELECT classid, objid FROM pg_depend
		         WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		           AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'contact_guard')
		        UNION ALL SELECT 'pg_namespace'::regclass, 'contact_guard'::regnamespace) d
		 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
		  LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	LOOP
		-- 1.0's recorder made these as the bootstrap superuser.
		CONTINUE WHEN member.is_month;
		-- In newer versions row types and array types are members, too; they follow others.
		CONTINUE WHEN member.kind = 'TYPE' AND (member.identity LIKE '%[]' OR EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(member.identity) AND relkind <> 'c'));
		IF member.kind <> 'SEQUENCE' THEN
			EXECUTE format('ALTER %s %s OWNER TO boss', member.kind, member.identity);
		END IF;
		EXECUTE format('GRANT ALL ON %s %s TO report WITH GRANT OPTION', member.kind, member.identity);
		DELETE FROM pg_init_privs WHERE objoid = member.objid AND classoid = member.classid;
		INSERT INTO pg_init_privs
		SELECT member.objid, member.classid, 0, 'e', acl
		  FROM (SELECT relacl AS acl FROM pg_class WHERE oid = member.objid AND member.classid = 'pg_class'::regclass
		        UNION ALL SELECT proacl FROM pg_proc WHERE oid = member.objid AND member.classid = 'pg_proc'::regclass
		        UNION ALL SELECT nspacl FROM pg_namespace WHERE oid = member.objid AND member.classid = 'pg_namespace'::regclass
		        UNION ALL SELECT typacl FROM pg_type WHERE oid = member.objid AND member.classid = 'pg_type'::regclass) a
		 WHERE acl IS NOT NULL;

	END LOOP;
END
$$;
UPDATE pg_extension SET extowner = 'boss'::regrole WHERE extname = 'contact_guard';
INSERT INTO pg_shdepend SELECT d.oid, 'pg_extension'::regclass, e.oid, 0, 'pg_authid'::regclass, 'boss'::regrole, 'o'
  FROM pg_database d, pg_extension e WHERE d.datname = current_database() AND e.extname = 'contact_guard';
