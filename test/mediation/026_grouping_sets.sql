-- what: GROUPING SETS, ROLLUP, CUBE
-- outcome: masked
SELECT city, phone, count(*), grouping(phone) FROM crm.customer GROUP BY GROUPING SETS ((city), (phone), (city, phone), ());
SELECT mobile, city FROM crm.customer GROUP BY ROLLUP (mobile, city);
SELECT mobile, city FROM crm.customer GROUP BY CUBE (mobile, city);
