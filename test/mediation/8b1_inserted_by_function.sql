-- what: a row that a function of others inserts in one's own transaction
-- outcome: masked
\c - postgres
CREATE FUNCTION scratch.import(i bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = crm, pg_temp
	AS $$DECLARE p text := mediation.mark(i + 1); BEGIN INSERT INTO crm.customer (id, name, phone) VALUES (i, 'x', p); END$$;
CREATE PROCEDURE scratch.import_too(i bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = crm, pg_temp
	AS $$BEGIN INSERT INTO crm.customer (id, name, phone) VALUES (i, 'x', mediation.mark(i + 1)); END$$;
CREATE FUNCTION scratch.import_sql(i bigint) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = crm, pg_temp
	AS $$INSERT INTO crm.customer (id, name, phone) VALUES (i, 'x', 'GUARDED-0104-PHONE')$$;
\c - anna
BEGIN;
INSERT INTO crm.customer (id, name, phone) VALUES (100, 'x', '06');
SELECT scratch.import(101);
CALL scratch.import_too(102);
SELECT scratch.import_sql(103);
PREPARE p(text) AS INSERT INTO crm.customer (id, name, phone) VALUES (104, $1, 'x');
SELECT * FROM crm.customer;
ROLLBACK;
