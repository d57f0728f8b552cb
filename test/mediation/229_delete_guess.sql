-- what: DELETE … WHERE guesses
-- outcome: intact
-- error: 42501
DELETE FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
