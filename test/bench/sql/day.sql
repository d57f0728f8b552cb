-- Technicians with eight jobs today, at customers of their own; the first is open now.
SET client_min_messages = warning;
SELECT format('CREATE ROLE technician%s LOGIN', t) FROM generate_series(0, :technicians - 1) t \gexec
DELETE FROM crm.intervention WHERE technician <> 'anna';
INSERT INTO crm.intervention
	SELECT 1000000 + t * 8 + n, t * 8 + n + 1, 'technician' || t, at, at + interval '2 hours'
	  FROM generate_series(0, :technicians - 1) t, generate_series(0, 7) n,
	       LATERAL (SELECT now() + (CASE WHEN n = 0 THEN -1 ELSE n * 3 - 10 END) * interval '1 hour' AS at) moment
	 WHERE n = 0 OR n * 3 - 10 NOT BETWEEN -2 AND 0;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO PUBLIC;
VACUUM ANALYZE;
