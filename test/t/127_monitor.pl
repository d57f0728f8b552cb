# contact-guard metrics and contact-guard check: what status() says, for Prometheus and for
# Nagios.  A mock server says what an enemy would make it say, a real one what happens.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IO::Socket::UNIX;
use IPC::Run;
use Mock;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = Mock->new('monitor', 'example.com/log');
my $dsn = $mock->dsn;
my ($status, $out, $err);

# monitor(COMMAND...): the exit status; stdout and stderr apart, since monitors read only one
sub monitor
{
	($out, $err) = ('', '');
	IPC::Run::run([ $ENV{CG_PROGRAM} || 'contact-guard', @_ ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
	return $status = $? & 127 ? "signal $?" : $? >> 8;
}

# says(COLUMN => EXPRESSION...): status() is good but for these
sub says
{
	my %columns = (guard => "'on'::text", durability => "'shown'::text", recorder => "'idle'::text", lag_bytes => '0::bigint', log_size => '1234::bigint',
		epoch => '1', rejected_messages => '0::bigint', problems => "'{}'::text[]", last_checkpoint => '1200::bigint',
		last_checkpoint_at => "now() - interval '10 s'", @_);
	my @names = sort keys %columns;
	my $select = join ', ', map { "$columns{$_} AS $_" } @names;
	$mock->sql("DROP VIEW IF EXISTS contact_guard.mock_status CASCADE; CREATE VIEW contact_guard.mock_status AS SELECT $select;
		CREATE FUNCTION contact_guard.status() RETURNS SETOF contact_guard.mock_status LANGUAGE sql AS 'SELECT * FROM contact_guard.mock_status'");
	return;
}

# raises(SQLSTATE, MESSAGE)
sub raises
{
	my ($state, $message) = @_;
	says();
	$mock->sql("CREATE OR REPLACE FUNCTION contact_guard.status() RETURNS SETOF contact_guard.mock_status LANGUAGE plpgsql AS
		\$f\$ BEGIN RAISE EXCEPTION USING ERRCODE = '$state', MESSAGE = \$m\$$message\$m\$; END \$f\$");
	return;
}

sub metric { my ($name) = @_; return $out =~ /^contact_guard_$name\{database="[^\n]*?"\} (-?\d+)$/m ? $1 : undef }

# The grammar of Prometheus' text format, and that each metric has one HELP, TYPE and value
sub is_exposition
{
	my ($what) = @_;
	my @lines = split /\n/, $out, -1;
	my @bad = pop @lines;
	my %seen;
	foreach (@lines)
	{
		my ($kind, $name) = /^# (HELP|TYPE) (contact_guard_[a-z_]+) (?:.+)$/ ? ($1, $2)
		  : /^(contact_guard_[a-z_]+)(?:\{database="(?:[^"\\\n]|\\[\\"n])*"\})? -?\d+$/ ? ('value', $1) : ('bad', $_);
		push @bad, $_ if $kind eq 'bad' || $seen{"$kind $name"}++;
		push @bad, $_ if $kind eq 'TYPE' && !/ (?:gauge|counter)$/;
		push @bad, $_ if $kind eq 'value' && !($seen{"HELP $name"} && $seen{"TYPE $name"});
	}
	is("@bad", '', "$what: the text format of Prometheus") or diag($out);
	return;
}

# The grammar of a plugin's line
sub is_line
{
	my ($what) = @_;
	my @names = qw(OK WARNING CRITICAL UNKNOWN);
	my $state = $names[$status] // '?';
	like($out, qr/\ACONTACT_GUARD $state - [^|\n<>&\$`"'\x00-\x1f\x7f]+(?: \|(?: [a-z_]+=-?\d+[Bsc]?;\d*;\d*;0)+)?\n\z/, "$what: one line, which says what the exit status says")
	  or diag($out);
	return;
}

# 1. All is well
says();
is(monitor('metrics', $dsn), 0, 'metrics') or diag($err);
is_exposition('metrics');
is(join(' ', map { metric($_) // '-' } qw(up on standby recorder_up problems lag_bytes log_rows epoch rejected_messages_total signed_rows)), '1 1 0 1 0 0 1234 1 0 1200', '... has the numbers');
cmp_ok(abs(time - 10 - (metric('signed_timestamp_seconds') // 0)), '<', 300, '... and the time of the signature');
is($err, '', '... and nothing else');
is(monitor('check', $dsn), 0, 'check: OK');
is_line('OK');
like($out, qr/the guard is on \| problems=0;;0;0 lag=0B;;;0 signature_age=\d+s;;;0 log_rows=1234c;;;0 rejected=0c;;;0\n/, '... with numbers');

# 2. What is not good: [columns, options, exit status, text]
my $standby = "'withholding: this is a standby'::text";
foreach (
	[ 'a problem', { problems => "ARRAY['records are missing: 2 records']" }, [], 2, qr/- records are missing: 2 records \|/ ],
	[ 'a problem that is accepted', { problems => "ARRAY['function f(): hm']" }, [ '--accept', 'function f(): hm' ], 0, qr/guard is on \| problems=1;/ ],
	[ '... but not a part of its text', { problems => "ARRAY['function f(): hm']" }, [ '--accept', 'function f()' ], 2, qr/function f/ ],
	[ '... nor others beside it', { problems => "ARRAY['a', 'b', 'c']" }, [ '--accept', 'a', '--accept', 'c' ], 2, qr/- b \|/ ],
	[ 'many problems', { problems => "ARRAY(SELECT 'p' || i FROM generate_series(1, 5000) i)" }, [], 2, qr/- p1; p2; p3; p4; p5; 4995 more \|/ ],
	[ 'NULL among the problems', { problems => 'ARRAY[NULL, NULL]::text[]' }, [], 2, qr/- a problem without a text; a problem without a text \| problems=2/ ],
	[ 'a problem that is empty', { problems => "ARRAY['']" }, [], 2, qr/- a problem without a text \|/ ],
	[ '... or blank', { problems => "ARRAY[E' \\n']" }, [], 2, qr/- a problem without a text \|/ ],
	[ 'a guard that is off', { guard => "'refusing: an update is missing'::text" }, [], 2, qr/guard: refusing/ ],
	[ 'a guard of a later version', { guard => "'on and on'::text" }, [], 2, qr/guard: on and on/ ],
	[ 'no guard', { map { $_ => 'NULL::text' } qw(guard recorder lag_bytes log_size epoch rejected_messages problems last_checkpoint) }, [], 2, qr/guard: / ],
	[ 'a recorder that failed', { recorder => "'failed while it slept'::text" }, [], 2, qr/recorder: failed while/ ],
	[ 'a recorder that is paused', { recorder => "'paused: full'::text" }, [], 2, qr/recorder: paused/ ],
	[ 'no launcher', { recorder => "'no launcher'::text" }, [], 2, qr/recorder: no launcher/ ],
	[ 'a standby', { guard => $standby, recorder => "'standby: WAL is kept from 0/1234'::text" }, [], 0, qr/a standby/ ],
	[ 'a standby that forwards', { guard => "'forwarding: this is a standby'::text", recorder => "'standby: WAL is kept from 0/1234'::text" }, [], 0, qr/a standby, which asks/ ],
	[ 'a standby that keeps no WAL', { guard => $standby, recorder => "'standby: no WAL is kept'::text" }, [], 1, qr/standby: no WAL/ ],
	[ 'a standby whose slot stands', { guard => $standby, recorder => "'standby: WAL is kept from 0/1; the slot does not move: x'::text" }, [], 1, qr/does not move/ ],
	[ 'a lag below its limit', { lag_bytes => 100 }, [ '--warn-lag', 100, '--crit-lag', 200 ], 0, qr/lag=100B;100;200;0/ ],
	[ 'a lag above the first', { lag_bytes => 101 }, [ '--warn-lag', 100, '--crit-lag', 200 ], 1, qr/- 101 bytes of records/ ],
	[ 'a lag above the second', { lag_bytes => 201 }, [ '--crit-lag', 200 ], 2, qr/- 201 bytes of records/ ],
	[ 'an old signature', { last_checkpoint_at => "now() - interval '1 h'" }, [ '--warn-age', 600, '--crit-age', 7200 ], 1, qr/- 3[67]\d\d seconds have passed/ ],
	[ '... a very old one', { last_checkpoint_at => "now() - interval '1 day'" }, [ '--warn-age', 600, '--crit-age', 7200 ], 2, qr/signature_age=\d+s;600;7200;0/ ],
	[ 'an old signature without a limit', { last_checkpoint_at => "now() - interval '1 day'" }, [], 0, qr/signature_age/ ],
	[ 'a signature of a clock that is fast', { last_checkpoint_at => "now() + interval '20 s'" }, [ '--crit-age', 10 ], 0, qr/signature_age=0s/ ],
	[ '... of the future', { last_checkpoint_at => "now() + interval '1 year'" }, [], 1, qr/- the last signature is from 31\d+ seconds in the future \| problems=0;;0;0 lag=0B;;;0 log/ ],
	[ '... with a limit', { last_checkpoint_at => "now() + interval '1 h'" }, [ '--crit-age', 10 ], 2, qr/- the last signature is from 3\d\d\d seconds in/ ],
	[ 'no signature', { last_checkpoint_at => 'NULL::timestamptz' }, [], 0, qr/guard is on/ ],
	[ '... where one is expected', { last_checkpoint_at => 'NULL::timestamptz' }, [ '--crit-age', 10 ], 2, qr/nothing was ever signed/ ],
	[ 'a problem and a lag', { lag_bytes => 5, problems => "ARRAY['x']" }, [ '--warn-lag', 1 ], 2, qr/- x; 5 bytes/ ])
{
	my ($what, $columns, $options, $wanted, $text) = @$_;
	says(%$columns);
	is(monitor('check', $dsn, @$options), $wanted, $what) or diag($out, $err);
	like($out, $text, '... is said');
	is_line($what);
	is(monitor('metrics', $dsn), 0, '... metrics tells it');
	is_exposition($what);
}

# 3. Texts that are made to be read as something else
my $hostile = q(E'x|lag=0\nCONTACT_GUARD OK - good\n# TYPE contact_guard_up gauge\ncontact_guard_up{a="b"} 1\r\x1b[2J<script>`reboot`$(reboot)&\xe2\x80\xae\xd8\x9c\xc2\xad\xf3\xa0\x81\x81"; touch pwned; ''*?[]{}!~\\\\'::text);
foreach my $column (qw(guard recorder problems))
{
	says($column => $column eq 'problems' ? "ARRAY[$hostile]" : $hostile);
	is(monitor('check', $dsn), 2, "hostile text in $column");
	is_line('... check');
	unlike($out, qr/[^\n\x20-\x7E]/, '... and no character that moves another');
	unlike($out =~ s/ \|.*//sr, qr/["';*?\[\]{}!~]/, '... nor one that a shell reads');
	is(monitor('metrics', $dsn), 0, '... metrics');
	is_exposition('... metrics');
	unlike($out, qr/reboot/, '... has no text of the server');
}
says(problems => "ARRAY[repeat('a', 1000000)]");
is(monitor('check', $dsn), 2, 'a long text');
cmp_ok(length $out, '<', 1000, '... is not told wholly');
says(problems => "ARRAY[repeat('é', 1000)]");
monitor('check', $dsn);
ok(utf8::decode($out), '... and is not cut within a character');

# Answers that make no sense: no number is made of them.
foreach ([ lag_bytes => "'12 34'::text" ], [ log_size => "E'1\\n2'::text" ], [ epoch => "'0x10'::text" ], [ rejected_messages => "''::text" ],
	[ lag_bytes => "'99999999999999999999'::text" ], [ problems => "'a'::text" ], [ problems => 'ARRAY[ARRAY[1], ARRAY[2]]' ])
{
	says(@$_);
	is(monitor('check', $dsn), 3, "$_->[0] is $_->[1]: UNKNOWN");
	is_line($_->[1]);
	like($out, qr/makes no sense/, '... since it makes no sense');
	is(monitor('metrics', $dsn), 2, '... metrics fails');
	is(join(' ', map { metric($_) // '-' } qw(up on lag_bytes)), '0 - -', '... and says that, and nothing else');
	is_exposition($_->[1]);
}

# Errors: two of them say that there is no guard.
foreach ([ '55000', 2 ], [ '58P01', 2 ], [ '42501', 3 ], [ 'XX000', 3 ])
{
	my ($state, $wanted) = @$_;
	raises($state, "no | way\nCONTACT_GUARD OK - x");
	is(monitor('check', $dsn), $wanted, "error $state");
	is_line($state);
	like($out, qr/no \\x7c way CONTACT_GUARD/, '... is told');
	is(monitor('metrics', $dsn), $wanted == 2 ? 0 : 2, '... metrics');
	is(join(' ', map { metric($_) // '-' } qw(up on)), $wanted == 2 ? '1 0' : '0 -', '... says so');
	is_exposition($state);
}

# No answer
says();
$mock->sql("CREATE OR REPLACE FUNCTION contact_guard.status() RETURNS SETOF contact_guard.mock_status LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); END'");
is(monitor('check', $dsn, '--timeout', 1), 3, 'a server that does not answer: UNKNOWN');
is_line('no answer');
is(monitor('metrics', $dsn, '--timeout', 1), 2, '... metrics');
is(metric('up'), 0, '... says that it is not up');
$mock->{node}->stop;
foreach ([ 'check', 3 ], [ 'metrics', 2 ])
{
	my ($command, $wanted) = @$_;
	is(monitor($command, $dsn), $wanted, "$command: no server");
	$command eq 'check' ? is_line('no server') : is(metric('up'), 0, '... metrics says it');
}
is(monitor('metrics', q(host=/nowhere dbname='a"b\\\\c')), 2, 'a database with quotes');
like($out, qr/^contact_guard_up\{database="a\\"b\\\\c"\} 0$/m, '... is a label');

# A label is a name as libpq has it, and never a part of a connection string with its password.
foreach ('postgresql://mon:s3cret@127.0.0.1/crm?ssl_mode=require', 'host=127.0.0.1 user=mon password=s3cret dbname=crm sslmod=require',
	'postgresql://mon:s3cr%t@127.0.0.1/crm', 'postgres://mon:s3cret@[::1/crm', q(host=/nowhere dbname=postgresql://mon:s3cret@db/crm),
	q(host=/nowhere dbname='user=mon password=s3cret'))
{
	is(monitor('metrics', $_), 2, "metrics $_");
	unlike($out, qr/s3cr/, '... no password is a label');
	like($out, qr/^contact_guard_up 0$/m, '... and there is no label');
	is_exposition($_);
	is(monitor('check', $_), 3, '... check');
	unlike("$out$err", qr/s3cr/, '... tells no password either');
}
foreach ([ 'host=/nowhere user=mon', 'mon' ], [ 'host=/nowhere user=mon dbname=crm', 'crm' ], [ 'postgres://mon:s3cret@127.0.0.1:1/crm', 'crm' ])
{
	delete local $ENV{PGDATABASE};
	is(monitor('metrics', $_->[0]), 2, "metrics $_->[0]");
	like($out, qr/^contact_guard_up\{database="$_->[1]"\} 0$/m, '... the label is what libpq takes for the name');
}
{
	local $ENV{PGHOST} = '/nowhere';
	monitor('metrics', 'crm');
	like($out, qr/^contact_guard_up\{database="crm"\} 0$/m, 'a bare name is a label');
	local $ENV{PGDATABASE} = 'postgresql://mon:s3cret@db/crm';
	monitor('metrics');
	like($out, qr/^contact_guard_up 0$/m, '... a connection string in PGDATABASE is not');
}

# A server that lets everybody in, and then sends parameters for ever: libpq may never look at the clock, and a
# connection string may give it more time.
{
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	my $listener = IO::Socket::UNIX->new(Local => "$dir/.s.PGSQL.5432", Listen => 5) or die "$dir: $!";
	my $pid = fork // die $!;
	if ($pid == 0)
	{
		local $SIG{PIPE} = 'IGNORE';
		while (my $client = $listener->accept)
		{
			my $parameters = pack('a N Z* Z*', 'S', 8, 'a', 'b') x 5000;
			sysread $client, my $start, 10000;
			syswrite $client, pack('a N N', 'R', 8, 0);
			1 while syswrite $client, $parameters;
		}
		POSIX::_exit(0);
	}
	close $listener;
	is(monitor('check', "host=$dir port=5432 user=u dbname=x connect_timeout=600", '--timeout', 1), 3, 'a server that sends for ever: UNKNOWN');
	is($out, "CONTACT_GUARD UNKNOWN - no answer in time\n", '... check ends');
	is(monitor('metrics', "host=$dir port=5432 user=u dbname=x connect_timeout=600", '--timeout', 1), 2, '... metrics ends');
	like($out, qr/\A# HELP[^\n]*\n# TYPE contact_guard_up gauge\ncontact_guard_up 0\n\z/, '... and says that it is not up');
	is_exposition('... in time');
	kill 'KILL', $pid;
	waitpid $pid, 0;
}

# Options
foreach ([ '--crit-lag', 'x' ], [ '--warn-age', '-1' ], ['--nope'], [ 'a=b', 'c' ], [ map { ('--accept', $_) } 1 .. 65 ])
{
	is(monitor('check', @$_), 3, "check @$_[0 .. 1]: UNKNOWN") if @$_ > 1;
	is(monitor('check', @$_), 3, "check @$_: UNKNOWN") if @$_ == 1;
	is_line('options');
}
is(monitor('metrics', '--nope'), 2, 'metrics --nope');

# 4. A real server, and a role that has pg_monitor
my $node = guard_node('monitored');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE mon LOGIN IN ROLE pg_monitor');
my $real = $node->connstr('crm') . ' user=mon';
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer');
my $before = log_rows($node, 'crm', 'true');
is(monitor('metrics', $real), 0, 'metrics of a real server') or diag($err);
is_exposition('a real server');
is(join(' ', map { metric($_) // '-' } qw(up on standby recorder_up problems max_backlog_bytes guarded_relations guarded_columns interventions_relations)),
	'1 1 0 1 0 1073741824 1 1 2', '... numbers of status() and of the policy');
cmp_ok(metric('log_rows'), '>=', $before, '... of the log');
cmp_ok(metric($_) // -1, '>=', 0, "... $_") foreach qw(lag_bytes wal_kept_bytes);
is(monitor('check', $real), 0, 'check of a real server') or diag($out, $err);
is_line('a real server');
like($out, qr/ lag=\d+B;268435456;536870912;0 /, '... its limits are parts of max_backlog');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE login = 'mon'"), 0, '... and leaves no record');
is(monitor('check', $node->connstr('crm') . ' user=eve'), 3, 'a role that may not: UNKNOWN');
like($out, qr/permission denied/, '... and why');
is(monitor('check', $node->connstr('postgres') . ' user=mon'), 3, 'a database without the extension: UNKNOWN');
$node->safe_psql('crm', 'ALTER TABLE crm.customer DROP COLUMN id CASCADE');
is(monitor('check', $real), 2, 'a broken policy');
like($out, qr/CRITICAL - relation customer: /, '... and why');
is_line('a broken policy');
monitor('metrics', $real);
is(metric('problems'), 1, '... metrics counts it');

# The library is not loaded: guarded columns show stored values.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
is(monitor('check', $real), 2, 'a server without the library');
like($out, qr/the guard does not work: contact_guard must be loaded when the server starts/, '... is told');
is_line('without the library');
is(monitor('metrics', $real), 0, '... metrics');
is(join(' ', map { metric($_) // '-' } qw(up on recorder_up lag_bytes)), '1 0 0 -', '... says that the guard is off');
$node->stop;
done_testing();
