-- \df+, \dt+, \dv+, \dn+ and \d+ explain: what PUBLIC or a group role may use has a comment.
CREATE EXTENSION contact_guard;
BEGIN;
SELECT plan(4);

CREATE TEMP VIEW member AS
	SELECT classid, objid FROM pg_depend
	 WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
	   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'contact_guard');

SELECT isnt(obj_description('contact_guard'::regnamespace, 'pg_namespace'), NULL, 'the schema has a comment');

SELECT is((SELECT string_agg(pg_describe_object(classid, objid, 0), ', ') FROM member
            WHERE obj_description(objid, classid::regclass::name) IS NULL
              -- From 18 on the types of relations, and arrays, are members as well.
              AND NOT EXISTS (SELECT FROM pg_type t WHERE classid = 'pg_type'::regclass AND t.oid = objid
                               AND (t.typcategory = 'A' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')))
              -- The months of the log come from the log.
              AND NOT EXISTS (SELECT FROM pg_inherits WHERE classid = 'pg_class'::regclass AND inhrelid = objid)),
          NULL, 'each object of the extension has a comment');

SELECT is((SELECT string_agg(attrelid::regclass || '.' || attname, ', ' ORDER BY attrelid::regclass::text, attnum)
             FROM member JOIN pg_attribute ON attrelid = objid AND classid = 'pg_class'::regclass AND attnum > 0 AND NOT attisdropped
             JOIN pg_class c ON c.oid = objid
            WHERE EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner)
              AND col_description(attrelid, attnum) IS NULL),
          NULL, 'each column that a role may read has a comment');

SELECT is((SELECT string_agg(pg_describe_object(classid, objid, 0), ', ') FROM member
            WHERE obj_description(objid, classid::regclass::name) ~ '[^.?]$'),
          NULL, 'comments are sentences');

SELECT * FROM finish();
ROLLBACK;
