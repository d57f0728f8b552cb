-- what: guessing by what is not there
-- outcome: masked
SELECT mediation.mark(v.i) FROM (VALUES (41), (42)) v (i) WHERE NOT mediation.mark(v.i, 'PHONE') <> ALL (SELECT phone FROM crm.customer);
