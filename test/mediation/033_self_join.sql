-- what: joins on guarded columns
-- outcome: masked
SELECT a.phone, b.mobile FROM crm.customer a JOIN crm.customer b ON b.id = a.id + 1;
SELECT mediation.mark(a.id) FROM crm.customer a JOIN (VALUES (mediation.mark(42, 'PHONE'))) v (p) ON v.p = a.phone;
