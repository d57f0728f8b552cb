-- what: an aggregate that has read masks chooses the groups for which a function deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
CREATE FUNCTION scratch.masked(bool, bigint) RETURNS bool STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone = 'WITHHELD' FROM crm.customer WHERE id = $2); END$$;
CREATE AGGREGATE scratch.masked(bigint) (sfunc = scratch.masked, stype = bool);
SELECT scratch.drop_notes(customer_id) FROM crm.note GROUP BY customer_id HAVING scratch.masked(customer_id);
