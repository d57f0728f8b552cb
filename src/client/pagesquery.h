/*
 * pagesquery.h
 *		The one query of the auditor's pages.
 *
 * It is one statement, so that what the pages have read is one record.  Its rows are of many
 * sections, whose name is the first column; pages*.c say what the others are.  Everything is
 * counted on the server.  Lists have a bound ($6), and so have the customers and actors who
 * have a page ($5, besides those that are named: $3, $4) and the records on such a page ($7).
 * The whole log of the period ($1 to $2) is read once, for the days; permission_use() reads
 * all of the log once more.
 */
#ifndef CG_PAGESQUERY_H
#define CG_PAGESQUERY_H

#define PAGES_QUERY \
	"WITH withheld AS MATERIALIZED (\n" \
	" SELECT l.seq, l.read_at, l.actor, l.customer, l.session, l.statement, l.relation, l.columns, l.count, l.query_id\n" \
	" FROM contact_guard.access_log l WHERE l.event = 'withheld' AND l.read_at >= $1 AND l.read_at < $2\n" \
	"  AND NOT starts_with(coalesce(l.reason, ''), 'reached by relay only')),\n" \
	"targeted AS MATERIALIZED (\n" \
	" SELECT w.actor, min(w.customer) AS customer, min(w.read_at) AS read_at FROM withheld w GROUP BY w.actor, w.session, w.statement\n" \
	" HAVING count(*) = count(w.customer) AND min(w.customer) = max(w.customer)),\n" \
	"late AS MATERIALIZED (SELECT * FROM contact_guard.reads_after_close($1, $2)),\n" \
	"team AS MATERIALIZED (\n" \
	" SELECT p.actor, sum(p.targeted) AS targeted, sum(p.customers) AS customers, sum(p.late) AS late, min(p.first_at) AS first_at, max(p.last_at) AS last_at\n" \
	" FROM (SELECT t.actor, count(*) AS targeted, count(DISTINCT t.customer) AS customers, 0::bigint AS late, min(t.read_at) AS first_at, max(t.read_at) AS last_at\n" \
	"       FROM targeted t GROUP BY t.actor\n" \
	"       UNION ALL SELECT l.actor, 0, 0, count(*), min(l.read_at), max(l.read_at) FROM late l GROUP BY l.actor) p GROUP BY p.actor),\n" \
	"actors AS MATERIALIZED (\n" \
	" SELECT a.actor, min(a.place) AS place\n" \
	" FROM (SELECT unnest($4::text[]) AS actor, 0::bigint AS place\n" \
	"       UNION ALL SELECT t.actor, row_number() OVER (ORDER BY t.customers DESC, t.targeted DESC, t.late DESC, t.actor) FROM team t WHERE t.actor IS NOT NULL) a\n" \
	" GROUP BY a.actor ORDER BY 2, 1 LIMIT $5::integer + cardinality($4::text[])),\n" \
	"customers AS MATERIALIZED (\n" \
	" SELECT a.customer, min(a.place) AS place\n" \
	" FROM (SELECT contact_guard.customer_of_record(unnest($3::text[])) AS customer, 0::bigint AS place\n" \
	"       UNION ALL\n" \
	"       SELECT b.customer, row_number() OVER (ORDER BY count(*) DESC, b.customer)\n" \
	"       FROM (SELECT t.customer FROM targeted t UNION ALL SELECT l.customer FROM late l) b WHERE b.customer IS NOT NULL GROUP BY b.customer) a\n" \
	" GROUP BY a.customer ORDER BY 2, 1 LIMIT $5::integer + cardinality($3::text[]))\n" \
	"SELECT 'head' AS section, current_database()::text AS a, left(now()::timestamptz(0)::text, 22) AS b, $1::timestamptz(0)::text AS c, $2::timestamptz(0)::text AS d,\n" \
	" current_setting('TimeZone') AS e, extract(epoch FROM $1::timestamptz::timestamp)::bigint::text AS f, extract(epoch FROM $2::timestamptz::timestamp)::bigint::text AS g, current_user::text AS h,\n" \
	" (SELECT x.extversion FROM pg_extension x WHERE x.extname = 'contact_guard') AS i\n" \
	"UNION ALL\n" \
	"SELECT 'status', s.guard, s.recorder, s.log_size::text, s.epoch::text, s.rejected_messages::text, s.last_checkpoint::text,\n" \
	" s.last_checkpoint_at::timestamptz(0)::text, s.durability, NULL FROM contact_guard.status() s\n" \
	"UNION ALL\n" \
	"SELECT 'problem', p, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM contact_guard.status() s, unnest(s.problems) p\n" \
	"UNION ALL\n" \
	"SELECT 'log', min(l.read_at)::timestamptz(0)::text, max(l.read_at)::timestamptz(0)::text, extract(epoch FROM min(l.read_at))::bigint::text, NULL, NULL, NULL, NULL, NULL, NULL\n" \
	"FROM (SELECT min(read_at) AS read_at FROM contact_guard.log UNION ALL SELECT max(read_at) FROM contact_guard.log\n" \
	"      UNION ALL SELECT min(read_at) FROM contact_guard.restored_log) l\n" \
	"UNION ALL\n" \
	"SELECT 'date', extract(epoch FROM n.day)::bigint::text, to_char(n.day, 'YYYY-MM-DD'), NULL, NULL, NULL, NULL, NULL, NULL, NULL\n" \
	"FROM generate_series($1::timestamptz::timestamp, $2::timestamptz::timestamp, '24 hours') n (day)\n" \
	"UNION ALL\n" \
	"(SELECT 'day', extract(epoch FROM d.day)::bigint::text, to_char(d.day, 'YYYY-MM-DD'), d.event, d.records::text, d.total::text, NULL, NULL, NULL, NULL\n" \
	"FROM (SELECT date_bin('1 day', l.read_at::timestamp, $1::timestamptz::timestamp) AS day, l.event, count(*) AS records, sum(l.count) AS total\n" \
	"      FROM contact_guard.access_log l WHERE l.read_at >= $1 AND l.read_at < $2 GROUP BY 1, 2) d ORDER BY d.day, d.event)\n" \
	"UNION ALL\n" \
	"(SELECT 'guard', l.event, l.read_at::timestamptz(0)::text, extract(epoch FROM l.read_at)::bigint::text, l.closed_at::timestamptz(0)::text,\n" \
	" extract(epoch FROM l.closed_at)::bigint::text, l.count::text, l.reason, l.actor, l.seq::text\n" \
	"FROM contact_guard.whole_log l\n" \
	"WHERE l.event IN ('start', 'gap', 'conflict', 'failover', 'clock', 'epoch', 'purge', 'erasure', 'key') AND l.read_at >= $1 AND l.read_at < $2\n" \
	"ORDER BY l.read_at DESC, l.seq DESC LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"SELECT 'off', extract(epoch FROM coalesce(l.closed_at, l.read_at)::timestamp)::bigint::text, extract(epoch FROM l.read_at::timestamp)::bigint::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL\n" \
	"FROM contact_guard.whole_log l\n" \
	"WHERE l.event = 'start' AND l.count > 0 AND l.read_at >= $1 AND coalesce(l.closed_at, l.read_at) < $2\n" \
	"UNION ALL\n" \
	"(SELECT 'policy', l.actor, l.read_at::timestamptz(0)::text, extract(epoch FROM l.read_at)::bigint::text, l.login, l.reason, l.seq::text, NULL, NULL, NULL\n" \
	"FROM contact_guard.access_log l WHERE l.event = 'policy' AND l.read_at >= $1 AND l.read_at < $2 ORDER BY l.read_at DESC, l.seq DESC LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'checkpoint', extract(epoch FROM c.day)::bigint::text, to_char(c.day, 'YYYY-MM-DD'), c.checkpoints::text, c.size::text, c.witnesses::text, NULL, NULL, NULL, NULL\n" \
	"FROM (SELECT date_bin('1 day', s.signed_at::timestamp, $1::timestamptz::timestamp) AS day, count(*) AS checkpoints, max(s.size) AS size, max(regexp_count(s.note, E'\\\\n\\\\S+ \\\\S+ \\\\S+(?=\\\\n)')) - 1 AS witnesses\n" \
	"      FROM contact_guard.signed_checkpoint s WHERE s.signed_at >= $1 AND s.signed_at < $2 GROUP BY 1) c ORDER BY c.day)\n" \
	"UNION ALL\n" \
	"(SELECT 'signature', s.origin, s.size::text, s.signed_at::timestamptz(0)::text, n.name[1], encode(s.root, 'base64'), NULL, NULL, NULL, NULL\n" \
	"FROM (SELECT * FROM contact_guard.signed_checkpoint ORDER BY signed_at DESC, size DESC LIMIT 1) s, regexp_matches(s.note, E'\\\\n\\\\S+ (\\\\S+) \\\\S+(?=\\\\n)', 'g') n (name))\n" \
	"UNION ALL\n" \
	"(SELECT 'team', t.actor, t.targeted::text, t.customers::text, t.late::text, t.first_at::timestamptz(0)::text, t.last_at::timestamptz(0)::text, NULL, NULL, NULL\n" \
	"FROM team t ORDER BY t.customers DESC, t.targeted DESC, t.late DESC, t.actor LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'late', l.actor, l.customer, l.read_at::timestamptz(0)::text, array_to_string(l.columns, ', '), l.intervention, l.closed_at::timestamptz(0)::text,\n" \
	" date_trunc('second', l.after_close)::text, extract(epoch FROM l.after_close)::bigint::text, l.relation\n" \
	"FROM late l ORDER BY l.read_at DESC, l.seq DESC LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'window', w.actor, w.customer, w.opened_at::timestamptz(0)::text, w.intervention, w.opens_at::timestamptz(0)::text, w.closes_at::timestamptz(0)::text,\n" \
	" w.first_read_at::timestamptz(0)::text, w.login, NULL\n" \
	"FROM contact_guard.windows_opened($1, $2) w WHERE w.opened_by = 'himself' ORDER BY w.opened_at DESC, w.seq DESC LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"SELECT 'permission', p.role, p.relation, p.purpose, p.level, p.given_at::timestamptz(0)::text, p.given_by, p.records::text, p.last_used::timestamptz(0)::text,\n" \
	" CASE WHEN p.problem IS NOT NULL THEN p.problem WHEN p.last_used IS NULL OR p.last_used < $2 - interval '90 days' THEN 'unused for 90 days' END\n" \
	"FROM contact_guard.permission_use() p\n" \
	"UNION ALL\n" \
	"SELECT 'guarded', p.relation::text, p.column_name::text, p.mask, p.mode, p.fallback, p.since::timestamptz(0)::text, p.set_by, p.problem, NULL FROM contact_guard.policies p\n" \
	"UNION ALL\n" \
	"(SELECT 'lookup', l.actor, l.relation, array_to_string(l.columns, ', '), coalesce(l.purpose, l.reason), count(DISTINCT (l.session, l.statement))::text, max(l.read_at)::timestamptz(0)::text, NULL, NULL, NULL\n" \
	"FROM contact_guard.access_log l WHERE l.event IN ('lookup', 'searched') AND l.read_at >= $1 AND l.read_at < $2\n" \
	"GROUP BY 2, 3, 4, 5 ORDER BY count(DISTINCT (l.session, l.statement)) DESC, 2, 3, 4 LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'list', w.actor, w.relation, array_to_string(w.columns, ', '), count(*)::text, sum(w.count)::text, max(w.read_at)::timestamptz(0)::text, NULL, NULL, NULL\n" \
	"FROM withheld w WHERE w.customer IS NULL AND w.count > 1 GROUP BY 2, 3, 4 ORDER BY sum(w.count) DESC, 2, 3, 4 LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'bulk', l.actor, l.relation, array_to_string(l.columns, ', '), l.purpose, sum(l.count)::text, min(l.read_at)::timestamptz(0)::text, min(l.query), NULL, NULL\n" \
	"FROM contact_guard.access_log l WHERE l.event = 'bulk' AND l.read_at >= $1 AND l.read_at < $2\n" \
	"GROUP BY l.session, l.statement, 2, 3, 4, 5 ORDER BY min(l.read_at) DESC LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'refused', r.actor, r.relation, r.reason, r.attempts::text, r.first_at::timestamptz(0)::text, r.last_at::timestamptz(0)::text, NULL, NULL, NULL\n" \
	"FROM contact_guard.refused_attempts($1, $2) r LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"(SELECT 'auditor', l.actor, l.relation, count(*)::text, sum(l.count)::text, max(l.read_at)::timestamptz(0)::text, NULL, NULL, NULL, NULL\n" \
	"FROM contact_guard.access_log l WHERE l.event = 'audit_read' AND l.read_at >= $1 AND l.read_at < $2 GROUP BY 2, 3 ORDER BY 2, 3 LIMIT $6::integer)\n" \
	"UNION ALL\n" \
	"SELECT 'customer', c.customer, (SELECT count(*) FROM targeted t WHERE t.customer = c.customer)::text, (SELECT count(*) FROM late l WHERE l.customer = c.customer)::text,\n" \
	" NULL, NULL, NULL, NULL, NULL, c.place::text FROM customers c\n" \
	"UNION ALL\n" \
	"SELECT 'read', r.customer, extract(epoch FROM r.read_at)::bigint::text, r.read_at::timestamptz(0)::text, r.event, r.actor, array_to_string(r.columns, ', '), r.intervention,\n" \
	" coalesce(r.reason, r.purpose), concat_ws(' ', extract(epoch FROM date_trunc('day', r.read_at))::bigint, extract(epoch FROM r.opens_at)::bigint, extract(epoch FROM r.closes_at)::bigint)\n" \
	"FROM customers c CROSS JOIN LATERAL (\n" \
	" SELECT * FROM (\n" \
	"  SELECT l.customer, l.seq, l.read_at, l.event, l.actor, l.columns, l.intervention, l.reason, l.purpose, l.opens_at, l.closes_at\n" \
	"  FROM contact_guard.whole_log l WHERE l.customer = c.customer OFFSET 0) o\n" \
	" WHERE o.read_at >= $1 AND o.read_at < $2 ORDER BY o.read_at DESC, o.seq DESC LIMIT $7::integer) r\n" \
	"UNION ALL\n" \
	"SELECT 'actor', a.actor, t.targeted::text, t.customers::text, t.late::text, NULL, NULL, NULL, NULL, a.place::text FROM actors a LEFT JOIN team t ON t.actor = a.actor\n" \
	"UNION ALL\n" \
	"SELECT 'attempt', w.actor, w.customer, w.read_at::timestamptz(0)::text, array_to_string(w.columns, ', '), w.count::text, q.query, NULL, NULL, NULL\n" \
	"FROM (SELECT n.seq, n.read_at, n.actor\n" \
	"      FROM (SELECT w.seq, w.read_at, w.actor, row_number() OVER (PARTITION BY w.actor ORDER BY w.read_at DESC, w.seq DESC) AS place\n" \
	"            FROM withheld w JOIN actors a ON a.actor = w.actor) n\n" \
	"      WHERE n.place <= $7::integer) p\n" \
	" JOIN withheld w ON w.seq = p.seq AND w.read_at = p.read_at AND w.actor = p.actor\n" \
	" LEFT JOIN contact_guard.query_text q ON q.query_id = w.query_id\n"

#endif							/* CG_PAGESQUERY_H */
