-- what: JSON that is none, with CONTEXT
-- outcome: masked
-- error: 22P02
SELECT (chr(34) || phone)::json FROM crm.customer WHERE id = 42;
