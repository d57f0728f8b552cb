-- what: debug messages to the client
-- outcome: masked
SET client_min_messages = debug5;
SET debug_print_plan = on;
SET debug_print_rewritten = on;
SELECT phone FROM crm.customer WHERE id = 42;
