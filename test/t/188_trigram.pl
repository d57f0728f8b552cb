# Searches by pg_trgm: its operators, and its indexes for ILIKE and regular expressions.  pg_trgm
# is trusted, so its owner may be anybody: what counts is the function in C, and not the name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my ($share) = run_command([ 'pg_config', '--sharedir' ]);
plan skip_all => 'pg_trgm is not installed' if !-e "$share/extension/pg_trgm.control";

my $node = guard_node('trigram');
make_roles($node);
make_crm($node, 'crm', 500);
$node->safe_psql('crm', <<~'SQL');
	CREATE ROLE maker LOGIN;
	GRANT CREATE ON DATABASE crm TO maker;
	SET ROLE maker;
	CREATE SCHEMA made;
	GRANT USAGE ON SCHEMA made TO PUBLIC;
	CREATE EXTENSION pg_trgm SCHEMA made;
	CREATE FUNCTION made.similarity_op(text, text, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE NOTICE 'got %', $1; RETURN false; END$$;
	CREATE FUNCTION made.told(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT made.similarity_op($1, $2, 0)';
	CREATE OPERATOR made.%% (LEFTARG = text, RIGHTARG = text, FUNCTION = made.told);
	ALTER EXTENSION pg_trgm ADD FUNCTION made.told(text, text);
	ALTER EXTENSION pg_trgm ADD OPERATOR made.%% (text, text);
	RESET ROLE;
	SET search_path = made, public;
	CREATE INDEX phone_words ON crm.customer USING gin (phone made.gin_trgm_ops);
	ANALYZE crm.customer;
	SQL

sub plan_of
{
	my ($actor, $query) = @_;
	return scalar as($node, 'crm', $actor, "SET enable_seqscan = off; EXPLAIN (COSTS OFF) $query");
}

my $ilike = q(SELECT id FROM crm.customer WHERE phone ILIKE '%00000042');
like(plan_of('dispatcher', $ilike), qr/phone_words/, 'ILIKE uses the index');
like(plan_of('dispatcher', q(SELECT id FROM crm.customer WHERE phone ~ '00042$')), qr/phone_words/, '... a regular expression, too');
like(plan_of('dispatcher', q(SELECT id FROM crm.customer WHERE phone OPERATOR(made.%) '0600000042')), qr/phone_words/, '... and the operator of pg_trgm');
unlike(plan_of('dispatcher', "$ilike AND id = 42"), qr/phone_words/, '... but not beside another condition');
unlike(plan_of('anna', $ilike), qr/phone_words/, '... and not for a technician');
is(as($node, 'crm', 'dispatcher', "SET application_name = 'ilike'; SET enable_seqscan = off; $ilike"), 42, 'it finds');
is(log_rows($node, 'crm', q(application = 'ilike' AND event = 'shown')), 1, '... whom it shows, on record');
is(log_rows($node, 'crm', q(application = 'ilike' AND event = 'shown' AND customer = '42')), 1, '... with his key');
is(as($node, 'crm', 'dispatcher', q(SET application_name = 'similar'; SELECT id FROM crm.customer WHERE id = 42 AND made.similarity(phone, 'nothing') > 0.9)), '', 'similarity() compares');
is(log_rows($node, 'crm', q(application = 'similar' AND event = 'searched' AND customer = '42')), 1, '... on record');

# A member of the extension with an operator beside the real ones
like(plan_of('dispatcher', q(SELECT id FROM crm.customer WHERE phone OPERATOR(made.%%) 'x')), qr/reveal\(phone/, "an operator that the extension's owner has added is none of them");
# The planner puts a negator in place of NOT.
$node->safe_psql('crm', q(SET ROLE maker; SET search_path = made;
	CREATE FUNCTION spy(text, text) RETURNS bool IMMUTABLE COST 1 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'got %', $1; RETURN false; END$$;
	CREATE OPERATOR =%% (LEFTARG = text, RIGHTARG = text, FUNCTION = similarity_op, NEGATOR = OPERATOR(!%%));
	CREATE OPERATOR !%% (LEFTARG = text, RIGHTARG = text, FUNCTION = spy, NEGATOR = OPERATOR(=%%))));
as($node, 'crm', 'dispatcher', "SET application_name = 'negator'; SELECT count(*) FROM crm.customer WHERE id = 42 AND NOT (phone OPERATOR(made.=%%) 'x')");
is(log_rows($node, 'crm', q(application = 'negator' AND event = 'shown' AND customer = '42')), 1, "... nor an operator whose negator is a user's");
$node->safe_psql('crm', 'ALTER FUNCTION made.similarity(text, text) SET work_mem = 64');
like(plan_of('dispatcher', q(SELECT id FROM crm.customer WHERE made.similarity(phone, 'x') > 0.9)), qr/reveal\(phone/, '... nor a function with settings');
$node->stop;
done_testing();
