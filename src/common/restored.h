/*
 * restored.h
 *		The hash of contact_guard.restored_log, which is in no tree.
 *
 * The record of a dump that was restored has it, and contact-guard verify asks for it again.
 * It does not depend on settings: times are seconds since 1970, those of windows, which may be
 * infinite, are as in a leaf, and texts are bytes in the encoding of the database.
 *
 * Pure: no PostgreSQL, no input or output.
 */
#ifndef CG_RESTORED_H
#define CG_RESTORED_H

/* Gives one text: "N rows, SHA-256 HEX". */
#define CG_RESTORED_SQL \
	"SELECT pg_catalog.concat(pg_catalog.count(*), ' rows, SHA-256 ', pg_catalog.encode(pg_catalog.sha256(" \
	"coalesce(pg_catalog.string_agg(r.hash, '' ORDER BY r.origin COLLATE \"C\", r.seq, r.hash), '')), 'hex')) " \
	"FROM (SELECT origin, seq, pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.json_build_array(" \
	"origin, seq, extract(epoch FROM read_at)::pg_catalog.text, event, actor, login, relation, columns, customer, count, " \
	"intervention, extract(epoch FROM closed_at)::pg_catalog.text, purpose, reason, client, application, session, " \
	"statement, query_id, pg_catalog.encode(customer_salt, 'hex'), pg_catalog.encode(actor_salt, 'hex'), " \
	"pg_catalog.encode(customer_commitment, 'hex'), pg_catalog.encode(actor_commitment, 'hex'), leaf_version, " \
	"identity, technician, pg_catalog.encode(contact_guard.leaf_time(opens_at), 'hex'), " \
	"pg_catalog.encode(contact_guard.leaf_time(closes_at), 'hex'), pg_catalog.encode(contact_guard.leaf_time(previous_opens_at), 'hex'), " \
	"pg_catalog.encode(contact_guard.leaf_time(previous_closes_at), 'hex'), pg_catalog.encode(execution_salt, 'hex')" \
	")::pg_catalog.text, pg_catalog.getdatabaseencoding())) AS hash FROM contact_guard.restored_log) r"

/* Stands in the record's reason in front of that text, which ends the reason. */
#define CG_RESTORED_NOW "contact_guard.restored_log has now "

#endif							/* CG_RESTORED_H */
