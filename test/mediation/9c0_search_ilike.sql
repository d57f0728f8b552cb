-- what: a search by ILIKE, OR, regular expression and lower(): shown, and on record
-- outcome: shown searched
-- as: dispatcher
SELECT id, phone FROM crm.customer WHERE phone ILIKE '%-0007-%' OR lower(email) = 'guarded-0007-email';
SELECT id FROM crm.customer WHERE id <> 0 AND mobile ~* '0007-m';
