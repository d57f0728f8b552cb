-- what: an index-only scan of the unique index
-- outcome: masked
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SELECT phone FROM crm.customer ORDER BY phone;
