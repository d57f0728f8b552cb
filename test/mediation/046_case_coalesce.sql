-- what: CASE, COALESCE, NULLIF
-- outcome: masked
SELECT CASE phone WHEN mediation.mark(id, 'PHONE') THEN mediation.mark(id) END, COALESCE(email, 'none'), NULLIF(mobile, mediation.mark(id, 'MOBILE')), GREATEST(phone, 'A'), LEAST(mobile, '~') FROM crm.customer WHERE id <> 7;
