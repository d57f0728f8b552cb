-- what: guessing by regular expressions
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE mobile ~ '^GUARDED-004[0-9]' OR phone SIMILAR TO 'GUARDED-005%';
