# What must agree although it comes from two sides: rows and texts, holds and
# erasures, the recorder and those who lock its tables or send it away.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
mkdir "$dir/keys", 0700 or die;
my $error;
IPC::Run::run([ 'contact-guard', 'keygen', '--origin', 'example.org/log', '--out', "$dir/keys/log" ], '>', \my $vkey, '2>', \$error) or die $error;
my $node = guard_node('sides', 'contact_guard.min_retention = 0', "contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE adam LOGIN IN ROLE contact_guard_admin, contact_guard_auditor; CREATE ROLE berta LOGIN IN ROLE contact_guard_admin');

sub verified
{
	my ($what) = @_;
	my ($out, $err);
	log_rows($node, 'crm', 'true');
	$node->poll_query_until('crm', q(SELECT split_part(contact_guard.checkpoint(), E'\n', 2)::bigint > (SELECT max(seq) FROM contact_guard.log WHERE customer IS NOT NULL)));
	my $code = IPC::Run::run([ 'contact-guard', 'verify', $node->connstr('crm') . ' user=adam' ], '>', \$out, '2>', \$err) ? 0 : $? >> 8;
	unlike("$out$err", qr/TAMPERING/, $what) or diag("$code: $out$err");
	is($code, 0, '... and nothing else is found') or diag($err);
	return;
}

# Waits until so many of others' sessions wait for a lock.
sub someone_waits { return $node->poll_query_until('crm', "SELECT count(*) >= $_[0] FROM pg_locks WHERE NOT granted") }

# A text that was lost with the message that brought it, and comes later: in that
# session's next message (which does not bring it again), and by another session.
{
	my $reader = session($node, 'crm', 'anna');
	my $read = sub { return $reader->query("SELECT phone AS lost FROM crm.customer WHERE id = $_[0]") };
	my $other = sub { return $reader->query("SELECT phone AS later FROM crm.customer WHERE id = $_[0]") };
	$reader->query("SELECT phone FROM crm.customer WHERE id = 1");
	log_rows($node, 'crm', 'true');
	my $month = $node->safe_psql('crm', q(SELECT 'log_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')));
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
	$node->restart;
	$node->safe_psql('crm', "CREATE INDEX poison ON contact_guard.$month ((1 / (length(application) - 7)))");
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'contact_guard'");
	$node->restart;
	$reader = session($node, 'crm', 'anna');
	$reader->query("SET application_name = 'seven77'");
	$read->(2);
	$other->(3);
	$reader->query("SET application_name = 'other'");
	is(log_rows($node, 'crm', "event = 'gap'") > 0, 1, 'messages are passed');
	$read->(4);
	is(log_rows($node, 'crm', "customer = '4' AND event = 'shown'"), 1, 'the session reads on');
	as($node, 'crm', 'dispatcher', 'SELECT phone AS lost FROM crm.customer WHERE id = 5');
	is(log_rows($node, 'crm', "customer = '5'"), 1, 'another session brings the text');
	$other->(6);
	is(log_rows($node, 'crm', "customer IN ('4', '6') AND query IS NULL"), 2, 'rows whose text was lost have none');
	is(log_rows($node, 'crm', "customer = '5' AND query LIKE '%lost%'"), 1, '... the one that brings it does');
	$read->(7);
	is(log_rows($node, 'crm', "customer = '7' AND query LIKE '%lost%'"), 1, '... and those after it');
	is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log l WHERE query_id IS NOT NULL AND NOT EXISTS (SELECT FROM contact_guard.query_text q WHERE q.query_id = l.query_id)"),
		0, 'no id is without its text');
	verified('rows and leaves agree');
	$reader->quit;
}

# Holds that are not committed are waited for; snapshots that are older see nothing
{
	my $holder = session($node, 'crm', 'adam');
	$holder->query("BEGIN; SELECT contact_guard.hold('4', 'court order')");
	foreach my $case ([ "erase_customer('4', 'x')", 'ERROR:  55006' ], [ "purge(now(), 'x')", '' ], [ "erase_actor('anna', 'x')", '' ])
	{
		my ($deed, $refusal) = @$case;
		my $run = IPC::Run::start([ 'psql', '-XAt', '-v', 'VERBOSITY=verbose', '-U', 'berta', '-d', $node->connstr('crm'), '-c', "SELECT contact_guard.$deed" ], '>', \my $said, '2>', \my $err);
		ok(someone_waits(1), "$deed waits for a hold that is not committed");
		$holder->query('COMMIT');
		$run->finish;
		like($err, qr/^\Q$refusal\E/, '... and heeds it');
		is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE customer = '4' AND event = 'shown' AND actor = 'anna'"), 1, '... the row is as it was');
		$holder->query("BEGIN; SELECT contact_guard.release_hold('4'); SELECT contact_guard.hold('4', 'again')");
	}
	$holder->query('COMMIT');
	foreach my $deed ("erase_customer('7', 'x')", "erase_actor('dispatcher', 'x')", "purge('2020-01-01', 'x')", "hold('7', 'x')")
	{
		foreach my $level ('REPEATABLE READ', 'SERIALIZABLE')
		{
			my ($out, $err) = as($node, 'crm', 'berta', "BEGIN ISOLATION LEVEL $level; SELECT contact_guard.$deed; COMMIT");
			is(state_of($err), '25001', "$deed is refused at $level");
		}
	}
	is(log_rows($node, 'crm', "customer = '7' OR actor = 'dispatcher'") >= 2, 1, '... and does nothing');
	$holder->quit;
}

# While a purge waits for a reader of the log, the recorder goes on
{
	my $auditor = session($node, 'crm', 'adam');
	$auditor->query('BEGIN; SELECT count(*) FROM contact_guard.access_log');
	my $run = IPC::Run::start([ 'psql', '-XAt', '-U', 'berta', '-d', $node->connstr('crm'), '-c', "SELECT contact_guard.purge('2020-01-01', 'x')" ], '>', \my $said, '2>', \my $err);
	ok(someone_waits(1), 'a purge waits');
	as($node, 'crm', 'anna', 'SELECT phone AS anew FROM crm.customer WHERE id = 9');
	my ($out, $wait) = as($node, 'crm', 'postgres', "SET statement_timeout = '10s'; SELECT contact_guard.sync()");
	is($wait, '', '... and the recorder does not');
	$auditor->query('COMMIT');
	$run->finish;
	is($err =~ /ERROR/ ? $err : '', '', '... the purge ends');
	$auditor->quit;
}

# DROP EXTENSION, nothing protected: who may not, sends nobody away; who takes it back, neither
{
	$node->safe_psql('postgres', 'CREATE DATABASE bare');
	$node->safe_psql('bare', 'CREATE EXTENSION contact_guard');
	my $recorder = sub { $node->safe_psql('bare', "SELECT contact_guard.sync(); SELECT pid FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder' AND datname = 'bare'") };
	my $pid = $recorder->();
	is(state_of((as($node, 'bare', 'anna', 'DROP EXTENSION contact_guard'))[1]), '42501', 'a plain role does not drop it') foreach 1 .. 3;
	is($recorder->(), $pid, '... and the recorder stays');
	my $session = session($node, 'bare', 'postgres');
	foreach my $end ('ROLLBACK TO a', 'RELEASE a; ROLLBACK TO b')
	{
		$session->query("BEGIN; SAVEPOINT b; SAVEPOINT a; DROP EXTENSION contact_guard; $end");
		is(state_of((as($node, 'bare', 'postgres', "SET statement_timeout = '10s'; SELECT contact_guard.sync()"))[1]), '', "after $end another recorder comes");
		$session->query('ROLLBACK');
	}
	$session->quit;
	unlike($node->safe_psql('bare', "SELECT problems FROM contact_guard.status()"), qr/recorder|starting/, '... which has not failed');
}

# What an encoding cannot have, and how many columns
{
	$node->safe_psql('postgres', "CREATE DATABASE mule ENCODING 'MULE_INTERNAL' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	my ($out, $err) = as($node, 'mule', 'postgres', "SET client_min_messages = error; CREATE EXTENSION contact_guard");
	is(state_of($err), '0A000', 'no evidence can be made in MULE_INTERNAL');
	like($err, qr/encoding MULE_INTERNAL/, '... and CREATE EXTENSION says so');
	my $columns = sub { join(', ', map { "$_[0]$_$_[1]" } $_[2] .. $_[3]) };
	$node->safe_psql('crm', 'CREATE TABLE wide (id int PRIMARY KEY, ' . $columns->('c', ' text', 1, 70) . ')');
	my $protect = sub { as($node, 'crm', 'postgres', "SET client_min_messages = error; SELECT contact_guard.protect('wide', 'id', '{" . $columns->('c', '', @_) . "}', 'null')") };
	(undef, $err) = $protect->(1, 65);
	is(state_of($err), '54011', '65 guarded columns are refused');
	like($err, qr/65 columns .* more than 64/, '... with both numbers');
	is(state_of(($protect->(1, 60))[1]), '', '60 are not');
	is(state_of(($protect->(58, 64))[1]), '', '... nor 64 in two calls');
	is(state_of(($protect->(65, 65))[1]), '54011', '... and no further one');
	is(state_of((as($node, 'crm', 'postgres', 'SELECT * FROM wide'))[1]), '', 'the table is as it was');
}

# A refusal alone takes no place among the databases
{
	$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE bare');
	is(state_of((as($node, 'copy', 'anna', 'ALTER EXTENSION contact_guard ADD SCHEMA public'))[1]), '42501', 'a refusal in a copy that guards nothing') foreach 1 .. 2;
	usleep(1_500_000);
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder' AND datname = 'copy'"), 0, '... has no recorder come');
	$node->safe_psql('copy', "CREATE TABLE c (id int PRIMARY KEY, phone text); SELECT contact_guard.protect('c', 'id', '{phone}')");
	is(state_of((as($node, 'copy', 'anna', 'ALTER EXTENSION contact_guard ADD SCHEMA public'))[1]), '42501', 'where something is guarded');
	is(log_rows($node, 'copy', "event = 'refused' AND reason LIKE '%members%'"), 1, '... it is on record');
}
$node->stop;
done_testing();
