-- what: JIT
-- outcome: masked
SET jit = on;
SET jit_above_cost = 0;
SET jit_inline_above_cost = 0;
SET jit_optimize_above_cost = 0;
SELECT phone, upper(mobile) FROM crm.customer WHERE phone LIKE 'GUARD%' OR id > 1;
