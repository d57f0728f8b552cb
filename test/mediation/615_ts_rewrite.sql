-- what: ts_rewrite runs a query
-- outcome: masked
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, quote_literal(phone)::tsquery FROM crm.customer WHERE id = 42');
