# contact-guard salvage: after a failover that lost records, each of them is found in the data
# directory of the old primary, which stays as it is.  What could not be read is said.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::Local qw(timegm);
use Time::HiRes qw(usleep);
use Wire;

use constant READERS => 3;
use constant CUSTOMERS => 20_000;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $old = guard_node('old', { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'wal_keep_size = 256MB');
make_roles($old);
make_crm($old, 'crm', CUSTOMERS);
make_crm($old, 'other', 20);
# Other kinds of keys, which the interventions of the CRM do not have
$old->safe_psql('postgres', 'CREATE DATABASE keys');
$old->safe_psql('keys', q(
	CREATE EXTENSION contact_guard; CREATE SCHEMA crm; GRANT USAGE ON SCHEMA crm TO PUBLIC;
	CREATE TABLE crm.visitor (code uuid PRIMARY KEY, phone text);
	CREATE TABLE crm.tenant (name text PRIMARY KEY, phone text);
	INSERT INTO crm.visitor SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, '06' || lpad(i::text, 8, '0') FROM generate_series(1, 40) i;
	INSERT INTO crm.tenant SELECT E'tenant\t"' || i || chr(8364), '06' || lpad(i::text, 8, '0') FROM generate_series(1, 40) i;
	GRANT SELECT ON crm.visitor, crm.tenant TO dispatcher, eve;
	SELECT contact_guard.protect('crm.visitor', customer => 'code', columns => '{phone}');
	SELECT contact_guard.protect('crm.tenant', customer => 'name', columns => '{phone}');
	SELECT contact_guard.allow('dispatcher', purpose => 'planning');));
$old->backup('backup');
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init_from_backup($old, 'backup', has_streaming => 1);
$new->start;

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

# A process that reads one customer after the other, and notes each whose value has come
sub start_reader
{
	my ($name) = @_;
	my $pid = fork // die $!;
	return $pid if $pid;
	eval {
		my $reader = Wire->new($old, 'crm', 'dispatcher', application_name => $name);
		open my $notes, '>', "$dir/$name" or die $!;
		$notes->autoflush;
		foreach my $customer (1 .. CUSTOMERS)
		{
			my @rows = Wire::rows($reader->query("SELECT phone FROM crm.customer WHERE id = $customer"));
			last if !@rows || $rows[0][0] ne phone_of($customer);
			print $notes "$name|$customer\n";
		}
	};
	POSIX::_exit(0);
}

sub noted { return map { grep { /^\w+\|\d+$/ } split /\n/, -e "$dir/$_" ? slurp_file("$dir/$_") : '' } @_ }

sub until_more
{
	my ($least, @names) = @_;
	foreach (1 .. 1200) { return 1 if !grep { scalar(noted($_)) < $least } @names; usleep(50_000) }
	return 0;
}

# An asynchronous standby that receives nothing for a while, and then the primary is lost
my @names = map { "reader$_" } 1 .. READERS;
my @readers = map { start_reader($_) } @names;
ok(until_more(20, @names), 'values are shown');
$old->wait_for_catchup($new);
my $receiver = $new->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
kill 'STOP', $receiver;
my $most = 0;
foreach (@names) { my $n = noted($_); $most = $n if $n > $most }
ok(until_more($most + 20, @names), '... and more, which the standby does not receive');
# Of each form of a record, and with all that it can have
my $named = "SET application_name = 'a\t\"1\"'; SELECT phone FROM";
as($old, 'keys', 'dispatcher', "$named $_") foreach 'crm.visitor', 'crm.tenant';
as($old, 'crm', 'dispatcher', "$named crm.customer WHERE id <= 300");
as($old, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3');
as($old, 'crm', 'eve', $_) foreach 'SELECT phone FROM crm.customer WHERE id < 4', 'SELECT phone FROM crm.customer', 'CREATE TEMP TABLE copied AS SELECT phone FROM crm.customer WHERE id = 1', 'COPY crm.customer TO STDOUT';
$old->safe_psql('crm', "SELECT contact_guard.hold('4', 'a complaint')");
as($old, 'keys', 'eve', 'SELECT phone FROM crm.visitor LIMIT 2');
$old->safe_psql('keys', 'COPY crm.tenant TO STDOUT');
as($old, 'other', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 7');
$old->safe_psql('crm', 'CHECKPOINT');
as($old, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 8');
kill_server($old);
kill 'CONT', $receiver;
waitpid $_, 0 foreach @readers;
$new->promote;

$new->safe_psql($_, 'SELECT contact_guard.sync()') foreach 'crm', 'other', 'keys';
my %there = map { $_ => 1 } split /\n/, $new->safe_psql('crm', "SELECT application, customer FROM contact_guard.access_log WHERE event = 'shown'");
my @missing = grep { !$there{$_} } noted(@names);
cmp_ok(scalar(@missing), '>=', 20 * READERS, 'a failover that loses records');

sub files { return join ';', map { my @stat = stat; "$_ @stat[1, 2, 7, 9, 10]" } sort split /\n/, `find @{[ $old->data_dir ]}` }
my $files = files();
my ($code, $json, $said) = guard('salvage', $old->data_dir, $new->connstr('crm') . ' user=postgres', '--json');
is($code, 0, 'salvage reads the old data directory') or diag($said);
is(files(), $files, '... and changes nothing there');
like($said, qr{^\d+ records, in \d+ messages in WAL of timeline 1 from [0-9A-F]+/[0-9A-F]+ on, made between 2\S+ \S+ and 2\S+ \S+$}m, '... it says what it has read');
like($said, qr{^the last valid record of WAL is at [0-9A-F]+/[0-9A-F]+$}m, '... up to where');
like($said, qr/^the seals of the messages were not checked: .* contact_guard\.journal_key of each database, whose files are in "\Q@{[ $old->data_dir ]}\E\/base\/OID"/m, '... and what it has not done');
my @records = map { JSON::PP->new->utf8->decode($_) } split /\n/, $json;
my %found;
$found{"$_->{application}|$_->{customer}"}++ foreach grep { $_->{event} eq 'shown' && $_->{database} eq 'crm' } @records;
is(scalar(grep { !$found{$_} } @missing), 0, 'each record that was noted and is missing is found');
is(scalar(grep { $there{$_} } keys %found), 0, '... and none that the new primary has');
is(scalar(grep { $_ > 1 } values %found), 0, '... none twice');
is(scalar(grep { $_->{database} eq 'other' } @records), 1, 'the other database is told from it');

# As columns
($code, my $text, $said) = guard('salvage', $old->data_dir, $new->connstr('crm') . ' user=postgres');
is($code, 0, 'as text') or diag($said);
my @lines = split /\n/, $text;
my @columns = split /\t/, shift @lines;
is(scalar(@lines), scalar(@records), '... as many records');
is(scalar(grep { (() = /\t/g) != 18 } @lines), 0, '... each has all columns');
is(join(' ', sort keys %{ $records[0] }), join(' ', sort @columns), '... which are those of JSON');

# What is not there
($code, undef, $said) = guard('salvage', $old->data_dir);
is($code, 0, 'without the new primary') or diag($said);
like($said, qr/on, which is all that there is, made/, '... all that there is');
($code, undef, $said) = guard('salvage', $old->data_dir, '--since', '0/20');
is($code, 2, 'WAL that has gone');
like($said, qr{^NOT READ: WAL from 0/20 to 0/\d000000 is not there any more: the archive may have it$}m, '... is said');
($code, undef, $said) = guard('salvage', $dir);
is($code, 2, 'another directory');
like($said, qr/is not a data directory of PostgreSQL/, '... is refused');
($code, undef, $said) = guard('salvage', $old->data_dir, '--bindir', $dir);
is($code, 2, 'without pg_waldump');
like($said, qr/could not run ".*pg_waldump": see --bindir/, '... is said');

# Damage in front of the last checkpoint
system('cp', '-r', $old->data_dir, "$dir/damaged") == 0 or die;
my ($from) = $json =~ m{"position": "0/([0-9A-F]+)"};
my ($segment) = grep { -e } map { sprintf '%s/damaged/pg_wal/00000001%08X%08X', $dir, 0, hex($from) >> 24 } 1;
open my $wal, '+<', $segment or die $!;
seek $wal, (hex($from) & 0xFFFFFF) + 16, 0;
print $wal "\xff" x 8;
close $wal;
($code, $text, $said) = guard('salvage', "$dir/damaged", '--since', "0/$from");
is($code, 2, 'damaged WAL');
like($said, qr/^NOT READ: /m, '... is said') or diag($said);
open my $file, '>', "$dir/damaged/PG_VERSION" or die $!;
print $file "9\n";
close $file;
($code, undef, $said) = guard('salvage', "$dir/damaged");
is($code, 2, 'a directory of another version');
like($said, qr/has WAL of PostgreSQL 9, which ".*pg_waldump" does not know: see --bindir/, '... is refused');

# The old primary itself finds the same: its recorder checks the seals
slow_start($old);
sub rows
{
	my ($node, $dbname) = @_;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return map { JSON::PP->new->utf8->decode($_) } split /\n/, $node->safe_psql($dbname, q(
		SELECT json_build_object('at', extract(epoch FROM read_at)::text, 'event', event, 'actor', actor, 'login', login, 'relation', relation, 'columns', columns,
			'customer', customer, 'count', count, 'intervention', intervention, 'closed_at', extract(epoch FROM closed_at)::text, 'purpose', purpose, 'reason', reason,
			'client', client, 'application', application, 'session', session, 'statement', statement::text, 'query_id', query_id::text)
		FROM contact_guard.whole_log WHERE session IS NOT NULL AND event <> 'audit_read'));
}
sub key { return JSON::PP->new->canonical->encode($_[0]) }

# A record of salvage as that of the log
sub as_row
{
	my %row = %{ $_[0] };
	foreach my $time ([ at => delete $row{read_at} ], [ closed_at => delete $row{closed_at} ])
	{
		my ($year, $month, $day, $hour, $minute, $second, $fraction) = ($time->[1] // '') =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)(\.\d+)\+00$/;
		$row{ $time->[0] } = defined $year ? timegm($second, $minute, $hour, $day, $month - 1, $year) . $fraction : undef;
	}
	delete @row{qw(position database)};
	return \%row;
}

foreach my $dbname ('crm', 'keys')
{
	my %kept = map { key($_) => 1 } rows($new, $dbname);
	my @lost = sort grep { !$kept{$_} } map { key($_) } rows($old, $dbname);
	my @same = sort map { key(as_row($_)) } grep { $_->{database} eq $dbname && $_->{event} ne 'audit_read' } @records;
	cmp_ok(scalar(@lost), '>', 0, "$dbname: the old primary has records that the new one lacks");
	is_deeply(\@same, \@lost, '... and salvage has the same');
}
my %events = map { $_->{event} => 1 } @records;
is(join(' ', sort keys %events), 'bulk policy refused shown withheld', '... of these events');
$_->stop foreach $old, $new;
done_testing();
