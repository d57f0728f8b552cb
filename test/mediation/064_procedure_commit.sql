-- what: a procedure that commits between reads
-- outcome: masked
CREATE PROCEDURE scratch.p() LANGUAGE plpgsql AS $$DECLARE r record; BEGIN
	FOR r IN SELECT phone FROM crm.customer WHERE id > 40 LOOP RAISE NOTICE '%', r; COMMIT; END LOOP; END$$;
CALL scratch.p();
