-- what: a relation of that name
-- outcome: masked
-- error: 42P01
SELECT quote_ident(phone)::regclass FROM crm.customer WHERE id = 42;
