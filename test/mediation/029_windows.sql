-- what: window functions
-- outcome: masked
SELECT id, lag(phone) OVER w, first_value(mobile) OVER w, nth_value(phone, 3) OVER w, string_agg(phone, ',') OVER w FROM crm.customer WHERE id > 30 WINDOW w AS (PARTITION BY city ORDER BY phone, id);
