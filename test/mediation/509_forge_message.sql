-- what: messages in WAL that pass for ours
-- outcome: masked
SELECT count(pg_logical_emit_message(false, 'contact_guard', m)) FROM unnest(ARRAY['', 'forged', repeat('x', 100000), E'\x01' || repeat('y', 60)]) m;
SELECT pg_logical_emit_message(false, 'contact_guard', decode('01' || repeat('00', 200), 'hex')) IS NOT NULL, pg_logical_emit_message(true, 'contact_guard', 'x') IS NOT NULL;
SELECT phone FROM crm.customer;
