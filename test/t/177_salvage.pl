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
# What is recorded by now is in the backup: WAL before it is not.
$old->safe_psql($_, 'SELECT contact_guard.sync()') foreach 'crm', 'other', 'keys';
$old->backup('backup');
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init_from_backup($old, 'backup', has_streaming => 1);
$new->start;

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err, IPC::Run::timeout(180));
	return ($? >> 8, $out, $err);
}

# The status if nothing is missing.  A server that is killed may leave half a record, which is said.
sub whole { return $_[0] =~ /^NOT READ: the bytes at \S+ are not a whole record/m ? 2 : 0 }

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
is($code, whole($said), 'salvage reads the old data directory') or diag($said);
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
is($code, whole($said), 'as text') or diag($said);
my @lines = split /\n/, $text;
my @columns = split /\t/, shift @lines;
is(scalar(@lines), scalar(@records), '... as many records');
is(scalar(grep { (() = /\t/g) != 24 } @lines), 0, '... each has all columns');
is(join(' ', sort keys %{ $records[0] }), join(' ', sort @columns), '... which are those of JSON');

# What is not there
($code, undef, $said) = guard('salvage', $old->data_dir);
is($code, whole($said), 'without the new primary') or diag($said);
like($said, qr/on, which is all that there is, made/, '... all that there is');
($code, undef, $said) = guard('salvage', $old->data_dir, '--since', '0/20');
is($code, 2, 'WAL that has gone');
like($said, qr{^NOT READ: WAL from 0/20 to 0/\d000000 is not there any more: the archive may have it$}m, '... is said');
($code, undef, $said) = guard('salvage', $dir);
is($code, 2, 'another directory');
like($said, qr/is not a data directory of PostgreSQL/, '... is refused');
($code, undef, $said) = guard('salvage', $old->data_dir, '--bindir', $dir);
is($code, 2, 'without pg_controldata');
like($said, qr/could not run ".*pg_controldata": see --bindir/, '... is said');

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
like($said, qr/has WAL of PostgreSQL 9, which ".*pg_controldata" does not know: see --bindir/, '... is refused');

# The old primary itself finds the same: its recorder checks the seals
slow_start($old);
sub rows
{
	my ($node, $dbname) = @_;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return map { JSON::PP->new->utf8->decode($_) } split /\n/, $node->safe_psql($dbname, q(
		SELECT json_build_object('at', extract(epoch FROM read_at)::text, 'event', event, 'actor', actor, 'login', login, 'relation', relation, 'columns', columns,
			'customer', customer, 'count', count, 'intervention', intervention, 'closed_at', extract(epoch FROM closed_at)::text, 'purpose', purpose, 'reason', reason,
			'client', client, 'application', application, 'session', session, 'statement', statement::text, 'query_id', query_id::text, 'identity', identity,
			'technician', technician, 'opens_at', extract(epoch FROM opens_at)::text, 'closes_at', extract(epoch FROM closes_at)::text,
			'previous_opens_at', extract(epoch FROM previous_opens_at)::text, 'previous_closes_at', extract(epoch FROM previous_closes_at)::text)
		FROM contact_guard.whole_log WHERE session IS NOT NULL AND event <> 'audit_read'));
}
sub key { return JSON::PP->new->canonical->encode($_[0]) }

# A record of salvage as that of the log
sub as_row
{
	my %row = %{ $_[0] };
	foreach my $time ([ at => delete $row{read_at} ], map { [ $_ => delete $row{$_} ] } qw(closed_at opens_at closes_at previous_opens_at previous_closes_at))
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
$new->stop;

# What an ordinary role can put into WAL adds records, and removes none
sub lsn { return $old->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()') }
sub text { return defined $_[0] ? pack('N/a*', $_[0]) : "\xff" x 4 }
# event 1, at a time; the customer says which
sub item
{
	my ($application, $customer, $time) = @_;
	return 'C' . text('x') . text('x') . text(undef) . text($application) . "\0" x 16 .
	  "R\1" . ($time // "\0" x 8) . text('crm.customer') . "\0\0" . text($customer) . pack('q>', 1) . text(undef) . "\x80" . "\0" x 7 . text(undef) x 2;
}
sub emit { $_[0]->query(sprintf "SELECT pg_logical_emit_message(false, %s, '\\x%s'::bytea)", $_[1], unpack('H*', $_[2])) }
my $since = lsn();
my $hider = Wire->new($old, 'crm', 'dispatcher', application_name => 'hider');
my ($mine) = Wire::rows($hider->query('SELECT (extract(epoch FROM backend_start) * 1000000)::bigint - 946684800000000, pid FROM pg_stat_activity WHERE pid = pg_backend_pid()'));
sub message { my ($number, $flags, $items) = @_; return pack('CCNq>Nq>q>', 3, $flags, 1, @$mine, $number, 0) . "\0" x 32 . $items }
my $ours = q('contact_guard');
emit($hider, $ours, message(9223372036854775807, 0, ''));
emit($hider, $ours, message(9223372036854775807, 2, ''));
$hider->query("SELECT phone FROM crm.customer WHERE id = $_") foreach 11, 12;
emit($hider, $ours, message(3, 0, item('false', "f$_", "\x7f" . "\xff" x 7))) foreach 1, 1, 2;
emit($hider, $ours, message(3, 2, item('false', 'f2', "\x7f" . "\xff" x 7)));
$hider->query('SELECT phone FROM crm.customer WHERE id = 13');
# A message whose records would fill a disk: each of the customers comes with a text of 1 MB
emit($hider, $ours, message(1, 0, 'C' . text('x') x 3 . text('wide') . "\0" x 16 . "S\1" . text('crm.customer') . "\0\0" . text('p' x 1_000_000) . text(undef) .
	  "\0" x 8 . 'I' . pack('NN', 20, 40) . "\0\2" x 20));
emit($hider, q(E'contact_guard"; payload (9 bytes): zz'), 'x');
emit($hider, q(E'x\nrmgr: LogicalMessage len (rec/tot):     62/    62, tx:          0, lsn: 0/01000028, prev 0/01000028, desc: MESSAGE non-transactional, prefix "contact_guard"; payload (3 bytes): 4\n'), 'x');
emit($hider, $ours, 'x');
$hider->query("SELECT pg_logical_emit_message(false, 'contact_guard', repeat('x', 20000000))");
$hider->query("SELECT pg_logical_emit_message(true, 'contact_guard', 'x')");
as($old, 'crm', 'dispatcher', "SET application_name = 'after'; SELECT phone FROM crm.customer WHERE id = 14");
kill_server($old);
my $names = `contact-guard salvage @{[ $old->data_dir ]} --since $since 2> $dir/said | cut -f 9,16 | tail -n +2`;
$said = slurp_file("$dir/said");
is($names =~ s/^\d+\twide\n//gmr, "11\thider\n12\thider\nf1\tfalse\nf1\tfalse\nf2\tfalse\n13\thider\n14\tafter\n", 'false messages remove none of the true records') or diag($said);
like($names, qr/\A(?:\S+\t(?!wide)\w+\n){7}(?:\d+\twide\n){20}\z/, '... and what would fill a disk comes last');
like($said, qr/^NOT READ: the numbers of 5 messages do not follow those before them of their sessions/m, '... their numbers are doubtful');
like($said, qr/^session \w+\.\w+: the message at \S+ has number 1, and the one before it 9223372036854775807$/m, '... which is said of each');
like($said, qr/^NOT READ: 2 messages are malformed/m, '... malformed ones are counted');
like($said, qr/^2 messages are there twice, and were taken once$/m, '... only a repetition that is the same is left out');

# Damage behind the last checkpoint is not the end of WAL
slow_start($old);
$old->safe_psql('crm', 'CHECKPOINT');
my @from;
my @walfiles;
foreach my $i (1 .. 3)
{
	push @from, lsn();
	push @walfiles, $old->safe_psql('crm', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
	as($old, 'crm', 'dispatcher', "SET application_name = 'part$i'; SELECT phone FROM crm.customer WHERE id = $_") foreach 1 .. 3;
	$old->safe_psql('crm', 'SELECT pg_switch_wal()') if $i < 3;
}
kill_server($old);
system('rm', '-rf', "$dir/damaged");
system('cp', '-r', $old->data_dir, "$dir/damaged") == 0 or die;
sub parts
{
	my ($code, $out, $said) = guard('salvage', "$dir/damaged", '--since', $_[0], @_[1 .. $#_]);
	my %n;
	$n{$_}++ foreach $out =~ /\t(part\d)\t/g;
	return ($code, join(' ', map { "$_:$n{$_}" } sort keys %n), $said);
}
($code, my $parts, $said) = parts($from[0]);
is("$code $parts", whole($said) . ' part1:3 part2:3 part3:3', 'a whole directory') or diag($said);
my ($end) = $said =~ m{^WAL ends at (\S+)$}m;
my $whole = whole($said);
($code, $parts, $said) = parts($end);
is("$code $parts", "$whole ", 'from the end on there is nothing') or diag($said);
my ($high, $low) = split m{/}, $end;
($code, undef, $said) = parts(sprintf '%s/%X', $high, hex($low) + 64);
is($code, 2, '... and of what would be behind it');
like($said, qr{^NOT READ: WAL ends at \Q$end\E, before the position from which records are wanted$}m, '... nothing is known');
my $middle = "$dir/damaged/pg_wal/$walfiles[1]";
my $gap = qr{^NOT READ: WAL is damaged or missing from [0-9A-F]+/[0-9A-F]+ to [0-9A-F]+/[0-9A-F]+$}m;
rename $middle, "$dir/segment" or die $!;
foreach my $how ([ 'is missing', sub { } ], [ 'is zeros', sub { PostgreSQL::Test::Utils::append_to_file($middle, "\0" x (16 << 20)) } ], [ 'is a pipe', sub { unlink $middle; POSIX::mkfifo($middle, 0600) or die $! } ])
{
	$how->[1]->();
	($code, $parts, $said) = parts($from[0]);
	is("$code $parts", '2 part1:3 part3:3', "a segment in the middle $how->[0]");
	like($said, $gap, '... is said') or diag($said);
}
unlink $middle;
rename "$dir/segment", $middle or die $!;
sub flip
{
	my ($file, $offset) = @_;
	open my $wal, '+<:raw', "$dir/damaged/pg_wal/$file" or die $!;
	seek $wal, $offset, 0;
	read $wal, my $byte, 1;
	seek $wal, $offset, 0;
	print $wal chr(ord($byte) ^ 1);
	close $wal;
}
my $first = (hex((split m{/}, $from[0])[1]) & 0xFFFFFF) + 20;
flip($walfiles[0], $first);
($code, $parts, $said) = parts($from[0]);
is("$code $parts", '2 part1:3 part2:3 part3:3', 'one bit of the first record: all behind it is read') or diag($said);
like($said, $gap, '... and the damage is said');
flip($walfiles[0], $first);
my ($at) = $said =~ m{^the last valid record of WAL is at \S+/(\S+)$}m;
flip($walfiles[2], (hex($at) & 0xFFFFFF) + 20);
($code, undef, $said) = parts($from[0]);
is($code, 2, 'one bit of the last record');
like($said, qr{^NOT READ: the bytes at \S+/$at are not a whole record}m, '... is said') or diag($said);

# A directory that is made to stop its reader
mkdir "$dir/bin" or die $!;
my $real = $old->config_data('--bindir') . '/pg_controldata';
foreach my $size ([ 'WAL block size', 1 ], [ 'WAL block size', 24 ], [ 'Bytes per WAL segment', 3 << 20 ], [ 'Bytes per WAL segment', 0 ])
{
	open my $script, '>', "$dir/bin/pg_controldata" or die $!;
	print $script qq(#!/bin/sh\n$real "\$1" | sed 's/^\\($size->[0]:\\).*/\\1 $size->[1]/'\n);
	close $script;
	chmod 0755, "$dir/bin/pg_controldata";
	($code, undef, $said) = parts($from[0], '--bindir', "$dir/bin");
	is($code, 2, "$size->[0] $size->[1]");
	like($said, qr/the control file is damaged: "$size->[0]" cannot be $size->[1]/, '... is refused');
}
unlink "$dir/damaged/PG_VERSION";
POSIX::mkfifo("$dir/damaged/PG_VERSION", 0600) or die $!;
($code, undef, $said) = parts($from[0]);
like($said, qr/is not a data directory of PostgreSQL/, 'a pipe is not a file');
done_testing();
