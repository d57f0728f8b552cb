-- what: a mask chooses the partitions of a plan when it is made ready, and so what is deleted
-- outcome: refused 42501
CREATE FUNCTION scratch.phone_of(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE TABLE scratch.l (k text) PARTITION BY LIST (k);
CREATE TABLE scratch.l1 PARTITION OF scratch.l FOR VALUES IN ('a');
CREATE TABLE scratch.l2 PARTITION OF scratch.l FOR VALUES IN ('b');
SET plan_cache_mode = force_generic_plan;
DO $$DECLARE i bigint := 42; BEGIN DELETE FROM crm.note WHERE NOT EXISTS (SELECT FROM scratch.l WHERE k = scratch.phone_of(i)); END$$;
