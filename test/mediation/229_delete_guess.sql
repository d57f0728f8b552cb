-- what: DELETE … WHERE guesses
-- outcome: intact
DELETE FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
