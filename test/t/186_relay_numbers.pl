# Relay numbers: a technician calls a number of the site, and so does his customer, and each is put
# through to the other while the visit is open.  Which visits may share a number, what a caller
# proves, what is on record, and what comes when the visit is over.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('relay_numbers', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 50);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE gateway LOGIN IN ROLE contact_guard_gateway;
	CREATE ROLE bob LOGIN;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin;
	GRANT USAGE ON SCHEMA crm TO bob;
	ALTER DATABASE crm SET contact_guard.relay_country_code = '33';
	SELECT contact_guard.unprotect('crm.customer');
	SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'null', reveal => 'relay');
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)
	SELECT i, 'bob', now() - interval '1 h', now() + interval '1 day', 'on_site' FROM generate_series(1, 20) i));

sub gateway { return scalar as($node, 'crm', 'gateway', shift) }
sub admin { my (undef, $err) = as($node, 'crm', 'admin', shift); return state_of($err) }

# The relay number that a technician gets for a customer
sub number_of
{
	my ($customer, $user) = @_;
	return scalar as($node, 'crm', $user // 'anna', "SELECT number FROM contact_guard.contact($customer)");
}
my $calls = 0;
sub call
{
	my ($number, $caller, $channel, $id) = @_;
	$id //= 'call-' . ++$calls;
	return gateway("SELECT concat_ws(' ', code, dial, present, 'closes ' || (closes > 1e9)::text) FROM contact_guard.resolve_number('$number', '$caller', '$id', '" . ($channel // 'voice') . "')");
}
sub close_visit { $node->safe_psql('crm', "UPDATE crm.intervention SET status = 'done' WHERE " . shift); return }
sub records
{
	my ($condition) = @_;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT concat_ws(' ', event, coalesce(actor, '-'), coalesce(identity, '-'), columns, customer, intervention, reason)
		FROM contact_guard.access_log WHERE event IN ('contact', 'contact_end', 'contact_refused') AND $condition ORDER BY seq");
}
sub international { return '+33' . substr phone_of(shift), 1 }

my ($anna, $bob) = ('+33612345678', '+33612345679');
my ($one, $two, $three) = map { "+3316200000$_" } 1 .. 3;

# The pool
is(number_of(1), '', 'without a pool there is no number, and a token all the same');
is(admin("SELECT contact_guard.use_relay_numbers('{112}')"), '22023', 'what is no number is none');
is(admin("SELECT contact_guard.use_relay_numbers('{162000001}')"), '22023', '... nor what may be of any country');
is(admin('SELECT contact_guard.use_relay_numbers(NULL)'), '22004', '... nor NULL');
is(admin("SELECT contact_guard.use_relay_numbers('{01 62 00 00 01}')"), '', 'an admin says which numbers there are');
is($node->safe_psql('crm', 'SELECT * FROM contact_guard.relay_number'), $one, '... and they are kept in international form');
is(admin("SELECT contact_guard.relay_telephone('anna', '06 12 34 56 78')"), '', 'and where technicians are called');
is(admin("SELECT contact_guard.relay_telephone('bob', 'mobile')"), '22023', '... by a number');
my (undef, $err) = as($node, 'crm', 'anna', "SELECT contact_guard.use_relay_numbers('{+33162000009}')");
is(state_of($err), '42501', 'a technician may not');
(undef, $err) = as($node, 'crm', 'bob', "SELECT contact_guard.relay_telephone('anna', '$bob')");
is(state_of($err), '42501', '... nor say where others are called');
is($node->safe_psql('crm', "SELECT contact_guard.sync(); SELECT string_agg(reason, ', ' ORDER BY seq) FROM contact_guard.access_log WHERE event = 'policy' AND reason ~ 'relay (number|telephone)'"),
	"\n1 relay numbers, a relay telephone of anna", 'changes are on record, without numbers');

# Both directions
is(number_of(1), $one, 'a number for a visit');
is(number_of(1), $one, '... is the same each time');
is(call($one, 'anna'), '200 ' . phone_of(1) . " $one closes true", 'the technician calls it by a telephone that the gateway has authenticated');
is(call($one, $anna), '200 ' . phone_of(1) . " $one closes true", '... or from his own');
is(call('01 62 00 00 01', international(1)), "200 $anna $one closes true", 'the customer calls back, and reaches him');
is(call($one, international(1), 'text'), "200 $anna $one closes true", '... writes back');
is(call($one, 'anna', 'text'), '200 ' . phone_of(1) . " $one closes true", 'and so does the technician');
is(records('true'), join("\n", map { "contact anna contact {phone,$_} 1 1" } ('voice,out', 'voice,out', 'voice,in', 'text,in', 'text,out')), 'each has a record, and says who the technician was');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log l WHERE l::text ~ '(162|0000)0000[0-9]|612345678'"), 0, '... and no number');

# Strangers
my $none = '404';
is(call($one, 'bob'), $none, 'another technician');
is(call($one, $bob), $none, "... another's telephone");
is(call($one, international(2)), $none, 'another customer');
is(call($two, 'anna'), $none, 'another number');
is(call('112', 'anna'), $none, 'an emergency number');
is(call($one, ''), $none, 'nobody');
is(call($one, '+'), $none, 'a plus sign');
is(call($one, $_), $none, "no number that calls: $_") foreach substr(international(1), 1), 'tel:' . international(1), ' ' . international(1);
is(call($one, 'anna', 'fax'), $none, 'another channel');
is(gateway('SELECT code FROM contact_guard.resolve_number(NULL, NULL, NULL, NULL)'), 404, 'NULL');
is(records("event = 'contact_refused'"), join("\n",
	'contact_refused bob asserted {voice,out} no relay number of this caller',
	('contact_refused - - {voice,in} no relay number of this caller') x 2,
	('contact_refused anna asserted {voice,out} no relay number of this caller') x 2,
	'contact_refused  asserted {voice,out} no relay number of this caller',
	'contact_refused - - {voice,in} no relay number of this caller',
	('contact_refused - - {voice,out} no relay number of this caller') x 3,
	'contact_refused anna contact {phone,out} 1 1 no such channel',
	'contact_refused  asserted {out} no id of the call'), 'each has a record; a number is nobody\'s name');

# Calls
is(call($one, international(1), 'voice', 'in-1'), "200 $anna $one closes true", 'a call of the customer');
is(call($one, international(1), 'voice', 'in-1'), "200 $anna $one closes true", '... asked for again');
is(call($one, international(2), 'voice', 'in-1'), $none, '... with other words');
is(gateway("SELECT contact_guard.call_answered('in-1', 'h'), (SELECT count(*) FROM contact_guard.calls_to_end())"), '1|0', '... goes on');
close_visit('id = 1');
is(gateway('SELECT handle FROM contact_guard.calls_to_end()'), 'h', '... until the visit is closed');
is(gateway("SELECT contact_guard.call_ended('in-1', 'ended', 7)"), 1, '... and ends');
is(records("customer = '1' AND statement = (SELECT statement FROM contact_guard.access_log WHERE event = 'contact_end')"),
	"contact anna contact {phone,voice,in} 1 1\ncontact_end anna contact {phone,voice,in} 1 1 ended", '... on record, once each');
is(call($one, international(1)), '403', 'who calls back too late is told so');
is(call($one, 'anna'), '403', '... and so is the technician');
is(call($one, international(2)), $none, '... and nobody else');
is(records("reason = 'window closed'"), "contact_refused anna contact {phone,voice,in} 1 1 window closed\ncontact_refused anna contact {phone,voice,out} 1 1 window closed", '... on record');

# Two visits of a party never share a number, until it has rested
is(number_of(2), '', 'a number that rests is not given to another visit of the technician');
is(number_of(1, 'bob'), '', '... nor to another visit at the customer');
is(number_of(2, 'bob'), $one, '... but to people who have nothing to do with these');
is(call($one, 'bob'), '200 ' . phone_of(2) . " $one closes true", 'then the caller says which visit is meant');
is(call($one, international(2)), $none, 'a technician without a telephone cannot be called');
is(admin("SELECT contact_guard.relay_telephone('bob', '$bob')"), '', '... until he has one');
is(call($one, international(2)), "200 $bob $one closes true", '... and then he is');
is(call($one, $bob), $none, 'that it is his own counts for the numbers that he gets from now on');
is(number_of(2, 'bob'), $one, '... of the same visit, too');
is(call($one, $bob), '200 ' . phone_of(2) . " $one closes true", '... which it does');
is(call($one, international(1)), '403', '... and does not change what others are told');
is(admin("SELECT contact_guard.use_relay_numbers('{$one, $two, $three}')"), '', 'more numbers');
my %given = map { number_of($_) => 1 } 2, 3;
is(join(' ', sort keys %given), "$two $three", 'two visits of a technician have two');
is(number_of(4), '', '... and there is none for a third');
like(scalar as($node, 'crm', 'anna', 'SELECT token FROM contact_guard.contact(4)'), qr/^[0-9a-f]{32}$/, '... who is reached by token');
is(number_of(3), number_of(3), 'a visit keeps its number');
$node->safe_psql('crm', "UPDATE crm.customer SET phone = '$anna' WHERE id = 5");
is(number_of(5, 'bob'), number_of(5, 'bob'), 'a technician who is a customer');
is(number_of(5), '', '... cannot call himself');

# What a token presents is where the customer can call back
sub resolve { return gateway("SELECT present FROM contact_guard.resolve('$_[0]', 'anna', 'token-" . ++$calls . "')") }
my ($token, $number) = split /\|/, scalar as($node, 'crm', 'anna', 'SELECT token, number FROM contact_guard.contact(3)');
is(resolve($token), $number, 'the customer sees the number of the visit');
is(resolve(scalar as($node, 'crm', 'anna', 'SELECT token FROM contact_guard.contact(4)')), '', '... or none');

# Numbers change, and the verdict is that of the moment
$node->safe_psql('crm', "UPDATE crm.customer SET phone = '+33 6 99 99 99 99' WHERE id = 3");
is(call($number, international(3)), $none, 'the number of a customer who has another one now');
is(call($number, '+33699999999'), $none, '... whose new one is not known');
is(resolve($token), '', '... and is shown no number at which he would not be known');
is(call($number, 'anna'), "200 +33699999999 $number closes true", '... is reached all the same');
is(number_of(3), $number, 'a number that is asked for again');
is(call($number, '+33699999999'), "200 $anna $number closes true", '... knows it');
is(admin("SELECT contact_guard.relay_telephone('anna', NULL)"), '', 'a telephone that is nobody\'s');
is(call($number, $anna), $none, '... calls nobody');
is(call($number, '+33699999999'), $none, '... and is not called');
is(records("reason IN ('number changed', 'no telephone of the actor')"), join("\n",
	'contact_refused bob contact {phone,voice,in} 2 22 no telephone of the actor', 'contact_refused anna contact {phone,voice,in} 3 3 number changed', 'contact_refused anna contact {phone,voice,out} 3 3 number changed',
	'contact_refused anna contact {phone,voice,in} 3 3 no telephone of the actor'), '... on record');
is(admin("SELECT contact_guard.relay_telephone('anna', '$anna')"), '', 'it is his again');

# Where the database accepts no actor but by a signed token; and a revocation
$node->safe_psql('crm', q(ALTER SYSTEM SET contact_guard.identity = 'required'));
$node->reload;
$node->poll_query_until('crm', q(SELECT current_setting('contact_guard.identity') = 'required'));
is(call($number, 'anna'), "200 +33699999999 $number closes true", 'where tokens of identity are required, too');
$node->safe_psql('crm', q(ALTER SYSTEM RESET contact_guard.identity));
$node->reload;
$node->poll_query_until('crm', q(SELECT current_setting('contact_guard.identity') = 'off'));
$node->safe_psql('crm', "SELECT contact_guard.revoke_identity('anna', 'stolen phone')");
is(call($number, 'anna'), $none, 'not for a technician whose identity was revoked');
is(call($number, '+33699999999'), $none, '... nor for his customer');
$node->poll_query_until('crm', "SELECT clock_timestamp() > date_trunc('second', not_before) + interval '1 second' FROM contact_guard.revoked_identity");
is(number_of(3), $number, '... until he asks again');
is(call($number, 'anna'), "200 +33699999999 $number closes true", '... and is believed');

# Who asks at the same time: one customer under two keys, two technicians, one number
my $last = '+33162000009';
is(admin("SELECT contact_guard.use_relay_numbers('{$last}')"), '', 'another pool');
is(call($number, 'anna'), "200 +33699999999 $number closes true", 'a number that is not in it any more goes on for its visit');
$node->safe_psql('crm', q(CREATE ROLE carl LOGIN; GRANT USAGE ON SCHEMA crm TO carl;
	UPDATE crm.customer SET phone = '0611111111' WHERE id IN (11, 12);
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)
	SELECT id, who, now() - interval '1 h', now() + interval '1 day', 'on_site' FROM (VALUES (11, 'eve'), (12, 'carl')) v (id, who)));
my ($first, $second) = map { session($node, 'crm', $_) } qw(eve carl);
like($first->query_safe('BEGIN; SELECT number FROM contact_guard.contact(11)'), qr/\Q$last\E/, 'a technician takes the number');
$second->query_until(qr/waits/, "\\echo waits\nSELECT 'number ' || coalesce(number, 'none') FROM contact_guard.contact(12);\n\\echo done\n");
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'carl' AND wait_event_type = 'Lock'");
$first->query_safe('COMMIT');
like($second->query_until(qr/done/, ''), qr/number none/, '... and who waited for it is given none');
$_->quit foreach $first, $second;
is(number_of(13, 'bob'), $last, '... but whose customer is another');
(undef, $err) = as($node, 'crm', 'postgres', 'INSERT INTO contact_guard.relay_party SELECT * FROM contact_guard.relay_party LIMIT 1');
is(state_of($err), '42501', 'nobody writes the table');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.relay_party a JOIN contact_guard.relay_party b
	ON a.number = b.number AND a.party = b.party AND a.token <> b.token AND tstzrange(a.made_at, a.until_at) && tstzrange(b.made_at, b.until_at))), 0,
	'no party has a number twice');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.relay_party WHERE until_at < now() + interval '30 days')), 0, 'a number rests for thirty days behind its window');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.relay_party p WHERE p::text ~ '11111111')), 0, 'the table has no number of a person');

# A restart, an erasure, a dump
$node->restart;
is(call($number, 'anna'), "200 +33699999999 $number closes true", 'a restart changes nothing');
log_rows($node, 'crm', 'true');
is(admin("SELECT contact_guard.erase_customer('3', 'asked for')"), '', 'an erasure');
is(call($number, '+33699999999'), $none, '... of the customer takes the number');
is(admin("SELECT contact_guard.erase_actor('anna', 'asked for')"), '', '... and one');
is($node->safe_psql('crm', q(SELECT (SELECT count(*) FROM contact_guard.relay_telephone WHERE technician = 'anna'),
	(SELECT count(*) FROM contact_guard.relay_party p WHERE NOT EXISTS (SELECT FROM contact_guard.contact_token t WHERE t.token = p.token)))), '0|0', '... of an actor his telephone');
my $dump = $node->data_dir . '/relay.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('crm') ], 'pg_dump');
like(slurp_file($dump), qr/^COPY contact_guard\.relay_number .*\n\Q$last\E$/m, '... has the pool');
unlike(slurp_file($dump), qr/^COPY contact_guard\.(?:relay_party|contact_)/m, '... and not who has a number');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], '... and is restored');
is($node->safe_psql('restored', 'SELECT number FROM contact_guard.relay_number'), $last, '... with it');

ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
