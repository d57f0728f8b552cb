# What a token narrows: the columns that it is for, and its purpose.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Issuer;
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $issuer = Issuer->new('python') or plan skip_all => 'python3-jwcrypto is not there';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/identity.jwks";
my $key = 'python-ES256';
$issuer->key($key, 'ES256');
put_keys($file, $issuer->set($key));
chmod 0755, $folder;

my $node = guard_node('claims', 'autovacuum = off', "contact_guard.identity = allowed", "contact_guard.identity_keys = '$file'",
	"contact_guard.identity_audience = 'crm'");
make_roles($node);
make_crm($node, 'crm', 300);
sub admin { return $node->safe_psql('crm', shift) }
admin(q{
	ALTER TABLE crm.customer ADD email text;
	UPDATE crm.customer SET email = 'c' || id || '@example.org';
	SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}', mask => 'constant(none)');
	CREATE TABLE crm.visit_note (customer_id bigint, phone text);
	INSERT INTO crm.visit_note SELECT id, phone FROM crm.customer;
	SELECT contact_guard.protect('crm.visit_note', customer => 'customer_id', columns => '{phone}', mask => 'partial(2,1)');
	CREATE INDEX ON crm.customer (phone);
	CREATE INDEX ON crm.customer (email);
	CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher;
	GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA crm TO pool, dispatcher;
	ANALYZE;});

my $pool = Wire->new($node, 'crm', 'pool');
my $call = 'SELECT contact_guard.act_as_token($1)';
my $see = 'SELECT phone, email FROM crm.customer WHERE id = 1';
my ($phone, $mask, $email) = (phone_of(1), mask_of(1), 'c1@example.org');

sub token { return $issuer->token($key, @_) }
sub planner { return token(sub => 'm.dupont', contact_guard_roles => ['dispatcher'], @_) }

# What a token gives, in a transaction of its own
sub gives
{
	my ($token, @statements) = @_;
	says($pool, 'BEGIN');
	my $seen = says($pool, $call, $token);
	$seen = says($pool, $_) foreach $seen eq '' ? @statements : ();
	says($pool, 'ROLLBACK');
	return $seen;
}
sub copied
{
	my ($token, $query) = @_;
	says($pool, 'BEGIN');
	says($pool, $call, $token);
	$pool->put(Wire::simple("COPY ($query) TO STDOUT"));
	my $text = join '', map { $_->[1] } grep { $_->[0] eq 'd' } $pool->until_ready;
	says($pool, 'ROLLBACK');
	return $text;
}
sub records { return log_rows($node, 'crm', shift) }

foreach my $case ([ 'a window', \&token ], [ 'a permission', \&planner ])
{
	my ($name, $with) = @$case;
	my $who = $name eq 'a window' ? 'anna' : 'm.dupont';
	is(gives($with->(), $see), "$phone|$email", "$name: without the claim all columns");
	is(gives($with->(columns => ['phone']), $see), "$phone|none", "$name: one column");
	is(gives($with->(columns => ['email']), $see), "$mask|$email", "$name: ... the other one");
	is(gives($with->(columns => []), $see), "$mask|none", "$name: ... none");
	is(gives($with->(columns => [ 'customer.phone', 'email' ]), "SELECT c.phone, c.email, n.phone FROM crm.customer c JOIN crm.visit_note n ON customer_id = id WHERE id = 1"),
		"$phone|$email|$mask", "$name: a column of one relation");
	is(gives($with->(columns => [ 'Phone', 'crm.customer.email', 'customer.*', 'id' ]), $see), "$mask|none", "$name: other writings name nothing");
	is(records("actor = '$who' AND event = 'withheld' AND reason = 'column not in the token' AND customer = '1' AND columns = '{email}'") > 0, 1, "$name: records say why");
	is(records("actor = '$who' AND event = 'shown' AND customer = '1' AND columns = '{phone}'") > 0, 1, "$name: ... and what was shown");
	my $one = $with->(columns => ['phone']);
	is(gives($one, 'SELECT c FROM crm.customer c WHERE id = 1'), qq{(1,"Customer 1",$phone,none)}, "$name: a whole row");
	is(copied($one, 'SELECT phone, email FROM crm.customer WHERE id = 1'), "$phone\tnone\n", "$name: COPY");
	is(gives($one, 'SELECT count(email), min(email), max(email) FROM crm.customer WHERE id IN (1, 2)'), '2|none|none', "$name: a folded value");
	is(gives($one, "SELECT id FROM crm.customer WHERE email = 'c1\@example.org'"), '', "$name: a look-up by another column finds the mask alone");
	is(gives($one, "SELECT count(*) FROM crm.customer WHERE id < 3 AND email = 'none'"), 2, "$name: ... which it finds");
	is(gives($one, "SELECT id FROM crm.customer WHERE phone = '$phone'"), 1, "$name: a look-up by a column of the claim");
	is(gives($one, "UPDATE crm.customer SET email = 'none', phone = '0611' WHERE id = 1", 'RESET ROLE', 'SELECT phone FROM crm.customer WHERE id = 1'), '0611', "$name: a mask is written back");
	like(gives($one, "UPDATE crm.customer SET email = 'x' WHERE id = 1"), qr/^42501: guarded column crm.customer.email cannot be written/, "$name: ... and nothing else");
	like(gives($one, "INSERT INTO crm.customer VALUES (999, 'x', '0612', 'none')"), qr/^42501: the mask of guarded column/, "$name: ... nor a mask into a new row");
	like(gives($one, 'CREATE TEMP TABLE copied AS SELECT email FROM crm.customer WHERE id = 1'), qr/^(42501|0A000)/, "$name: no mask is stored");
	like(gives($one, "UPDATE crm.customer SET name = 'x' WHERE email = 'none'"), qr/^42501/, "$name: no mask decides what is written");
	is(gives($one, q{INSERT INTO crm.customer VALUES (998, 'x', '0612', 'y@z') RETURNING email}), 'y@z', "$name: what he has just written himself is shown") if $name ne 'a window';
}
is(admin('SELECT count(*) FROM crm.customer WHERE email = \'none\''), 0, 'no mask was stored');

# Many rows are counted, with the same reason
gives(planner(columns => ['phone']), 'SELECT count(email) FROM crm.customer');
is(records("event = 'withheld' AND customer IS NULL AND count = 300 AND reason = 'column not in the token' AND query = 'SELECT count(email) FROM crm.customer'"), 1, 'a list is counted, and says why');
admin(q{INSERT INTO crm.visit_note VALUES (NULL, '0699999999')});
is(gives(planner(columns => ['email']), 'SELECT phone FROM crm.visit_note WHERE customer_id IS NULL'), '06*******9', 'a row of nobody');
is(records("event = 'withheld' AND customer IS NULL AND relation = 'crm.visit_note' AND reason = 'column not in the token'"), 1, '... with its reason');

# Plans are kept, and tokens change
my $look = q{SELECT id FROM crm.customer WHERE email = 'c1@example.org'};
says($pool, "PREPARE see AS $see");
says($pool, "PREPARE look AS $look");
foreach my $round (1 .. 2)
{
	foreach my $with (\&token, \&planner)
	{
		is(gives($with->(), 'EXECUTE see'), "$phone|$email", 'a plan that is kept');
		is(gives($with->(columns => ['phone']), 'EXECUTE see'), "$phone|none", '... by a token for one column');
		is(gives($with->(columns => ['email']), 'EXECUTE see'), "$mask|$email", '... for another one');
	}
	is(gives(planner(), 'EXECUTE look'), 1, 'a look-up that is kept');
	is(gives(planner(columns => ['phone']), 'EXECUTE look'), '', '... by a token for another column');
	is(gives(planner(columns => ['email']), 'EXECUTE look'), 1, '... and for its own');
}

# A cursor does not outlive the token that showed its rows
foreach my $with (\&token, \&planner)
{
	foreach my $order ('', ' ORDER BY email')
	{
		says($pool, 'BEGIN');
		says($pool, $call, $with->());
		says($pool, "DECLARE c CURSOR FOR SELECT email FROM crm.customer WHERE id < 4$order");
		is(says($pool, 'FETCH c'), $email, "a cursor$order");
		is(says($pool, $call, $with->(columns => ['phone'])), '', '... and a newer token for another column');
		is(says($pool, 'SAVEPOINT s; SELECT email FROM crm.customer WHERE id = 1'), 'none', '... which shows a mask');
		like(says($pool, 'FETCH c'), qr/^55000: this query has shown values that may not be shown any more/, '... refuses the cursor');
		says($pool, 'ROLLBACK');
		says($pool, 'BEGIN');
		says($pool, $call, $with->());
		says($pool, "DECLARE c CURSOR FOR SELECT email FROM crm.customer WHERE id < 4$order");
		says($pool, $call, $with->(columns => ['phone']));
		is(says($pool, 'FETCH c'), 'none', '... that has shown nothing: masks');
		says($pool, 'ROLLBACK');
		says($pool, 'BEGIN');
		says($pool, $call, $with->(columns => ['email']));
		says($pool, "DECLARE c CURSOR FOR SELECT email FROM crm.customer WHERE id < 4$order");
		is(says($pool, 'FETCH c'), $email, '... of a token for one column');
		says($pool, $call, $with->());
		is(says($pool, 'FETCH c'), 'c2@example.org', '... goes on with one for all');
		says($pool, 'ROLLBACK');
	}
}

# The session form
admin(q(SELECT contact_guard.allow_act_as_session('pool')));
{
	my $session = Wire->new($node, 'crm', 'pool');
	my $stay = 'SELECT contact_guard.act_as_token_session($1)';
	foreach my $with (\&token, \&planner)
	{
		is(says($session, $stay, $with->(columns => ['email'], purpose => 'of the session')), '', 'the session form');
		is(says($session, $see), "$mask|$email", '... narrows columns');
		is(says($session, $look), 1, '... looks up');
		says($session, $stay, $with->(columns => ['phone']));
		is(says($session, $see), "$phone|none", '... by the next token');
		is(says($session, $look), '', '... in look-ups, too');
	}
	says($session, $stay, planner());
	is(says($session, 'DECLARE held CURSOR WITH HOLD FOR SELECT email FROM crm.customer WHERE id < 4 ORDER BY id'), '', 'a cursor that is held');
	is(says($session, 'FETCH held'), $email, '... shows a value');
	says($session, $stay, planner(columns => ['phone']));
	like(says($session, 'FETCH held'), qr/^55000/, '... and nothing by the next token');
	like(says($session, 'DECLARE other CURSOR WITH HOLD FOR SELECT email FROM crm.customer WHERE id < 4'), qr/^(0A000|42501)/, '... which can hold none');
	$session->quit;
}
is(records(q{event = 'shown' AND purpose = 'of the session' AND actor = 'anna' AND columns = '{email}'}) > 0, 1, '... with its purpose');
is(records(q{event = 'shown' AND purpose = 'planning: of the session' AND actor = 'm.dupont' AND columns = '{email}'}) > 0, 1, '... and that of the permission');

# Purposes
gives(token(purpose => "complaint 4711"), $see);
is(records(q{event = 'shown' AND purpose = 'complaint 4711' AND actor = 'anna' AND intervention IS NOT NULL AND opens_at IS NOT NULL}), 1, 'a purpose, of what a window shows');
gives(planner(purpose => "complaint 4711"), $see, $look);
is(records(q{event = 'shown' AND purpose = 'planning: complaint 4711' AND reason = 'by role dispatcher' AND columns = '{phone,email}'}), 1, '... of what a permission shows, behind its own');
is(records(q{event = 'lookup' AND purpose = 'planning: complaint 4711' AND reason = 'by role dispatcher'}), 1, '... and of a look-up');
gives(token(purpose => "complaint 4712"), 'SELECT phone FROM crm.customer WHERE id = 300');
is(records(q{purpose ~ '4712'}), 0, '... none of what is withheld');
gives(token(), $see);
is(records(q{event = 'shown' AND purpose = 'intervention' AND columns = '{phone,email}'}) > 0, 1, 'without the claim it is the intervention');
done_testing();
