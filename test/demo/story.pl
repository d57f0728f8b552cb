#!/usr/bin/perl
# The story behind contact_guard, on a private server, by people who log in. `run` starts this.
#
#   story.pl DIR BINDIR      DIR holds this file and is removed at the end; KEEP=1 leaves it, with the server running
#
# Each step checks its own outcome. Exit: 0 all as expected, 1 something differed or broke, 130 interrupted.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use List::Util qw(any all first max min);
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__));

binmode $_, ':encoding(UTF-8)' for *STDOUT, *STDERR;
$| = 1;

my ($dir, $bindir) = @ARGV;
my ($owner, $server, $keep, $told, @table) = ($$);

END
{
	if (defined $owner && $$ == $owner && !$keep)
	{
		local $?;
		$server->end_all if $server;
		remove_tree($dir) if $dir;
	}
}
$SIG{$_} = sub { exit 130 } for qw(HUP INT TERM);
$SIG{PIPE} = 'IGNORE';
require Relay;
require Server;		# after END: also a missing module leaves nothing behind

# What must not be seen outside an open window. Numbers are compared by their digits.
my %person = (
	4711  => { name => 'Mme Lefèvre', phone => '06 39 98 47 11', other => [ 'claire.lefevre@', 'rue des Lilas', '4471B' ] },
	20815 => { name => 'M. Benali', phone => '06 39 98 62 50', other => [ 'karim.benali@', 'quai de la Marne', '1905A' ] },
	90210 => { name => 'Mme Diallo', phone => '06 39 98 83 26', other => [ 'aicha.diallo@', 'cours Lafayette', '7302#' ] },
	60002 => { name => 'Mme Garnier', phone => '06 39 98 60 02', other => [ 'odile.garnier@', 'RUE DES LILAS', '2702B' ] },
	60003 => { name => 'M. Paul Lefèvre', phone => '06 39 98 60 03', other => [ 'paul.lefevre@', 'rue Pasteur', '0305A' ] });

sub digits { my ($text) = @_; $text =~ s/[\s.-]//g; return $text }

sub leaks
{
	my ($id, $text) = @_;
	my $digits = substr digits($person{$id}{phone}), 1;
	return any { index($_->[0], $_->[1]) >= 0 } [ digits($text), $digits ], map { [ $text, $_ ] } @{ $person{$id}{other} };
}

sub phase
{
	my ($what, $code) = @_;
	my $begin = time;
	$code->();
	printf "  %-34s %5.1f s\n", $what, time - $begin;
}

sub chapter { printf "\n%s\n", $_[0] }

# shows a statement and its answer, as a person would see them
sub ask
{
	my ($session, $sql) = @_;
	my $r = $session->do($sql);
	my @lines = $r->{state} eq '00000' ? split(/\n/, $r->{text}) : "ERROR $r->{state}: $r->{message}";
	@lines = ('(no row)') if !@{ $r->{rows} } && $r->{state} eq '00000' && $sql =~ /^(SELECT|FETCH)/;
	@lines = (@lines[ 0 .. 11 ], '…') if @lines > 12;
	print "  $session->{user}> $sql\n", map { '      ' . (length > 150 ? substr($_, 0, 149) . '…' : $_) . "\n" } @lines;
	return $r;
}

sub check
{
	my ($step, $expected, $seen, $ok) = @_;
	push @table, [ $step, $expected, $seen, $ok ? 'ok' : 'NO' ];
}

# What a reader got for a guarded value of a customer: the value, a mask, no row, or an error
sub got
{
	my ($r, $id) = @_;
	return "error $r->{state}" if $r->{state} ne '00000';
	return 'no row' if !@{ $r->{rows} };
	return leaks($id, $r->{text}) ? 'the value' : 'mask';
}

sub expect
{
	my ($step, $expected, $r, $id) = @_;
	my $got = got($r, $id);
	check($step, $expected, $got, any { $got eq $_ } split / or /, $expected);
}

sub show_table
{
	my @head = qw(step expected seen ok);
	my @width = map { my $i = $_; max map { length $_->[$i] } \@head, @table } 0 .. 3;
	print "\n";
	for my $row (\@head, [ map { '-' x $_ } @width ], @table)
	{
		print join('  ', map { sprintf '%-*s', $width[$_], $row->[$_] } 0 .. 3) =~ s/ +$//r, "\n";
	}
	my $bad = grep { $_->[3] ne 'ok' } @table;
	print "\n", $bad ? "$bad of " . @table . ' steps differ' : 'all ' . @table . ' steps as expected', $told ? "\n" : ", then the story broke off\n";
	return $bad;
}

# The story ---------------------------------------------------------------------------------------

my ($anna, $dispatcher, $auditor, $root, $since, $report, $relay);

sub on_site
{
	chapter("1  Anna is on site at Mme Lefèvre's");
	expect('on site: reads the number', 'the value', ask($anna, 'SELECT name, phone FROM crm.customer WHERE id = 4711'), 4711);
	ask($anna, 'BEGIN');
	expect('reads it again, rolls back', 'the value', ask($anna, 'SELECT phone, email FROM crm.customer WHERE id = 4711'), 4711);
	ask($anna, 'ROLLBACK');
}

# One cursor streams, the other has sorted, so keeps the values that it revealed.
sub closed_by_dispatcher
{
	chapter('2  The dispatcher closes the job while Anna holds a snapshot and open cursors');
	my $visits = 'SELECT v.id, c.phone FROM crm.intervention v JOIN crm.customer c ON c.id = v.customer_id'
	  . " WHERE v.technician = 'anna' AND v.customer_id = 4711";
	ask($anna, 'BEGIN ISOLATION LEVEL REPEATABLE READ');
	ask($anna, "DECLARE streaming CURSOR FOR $visits");
	ask($anna, "DECLARE sorted CURSOR FOR $visits ORDER BY v.starts_at");
	expect('FETCH before the closing', 'the value', ask($anna, 'FETCH 1 FROM streaming'), 4711);
	expect('FETCH before the closing, sorted', 'the value', ask($anna, 'FETCH 1 FROM sorted'), 4711);

	ask($dispatcher, "UPDATE crm.intervention SET status = 'done' WHERE id = 310042");
	$anna->{seen} = '';
	for my $cursor (qw(streaming sorted))
	{
		ask($anna, "SAVEPOINT before_$cursor");
		expect("next FETCH, $cursor", 'mask or error 55000', ask($anna, "FETCH 1 FROM $cursor"), 4711);
		ask($anna, "ROLLBACK TO before_$cursor");
	}
	expect('SELECT in the old snapshot', 'mask', ask($anna, 'SELECT name, phone FROM crm.customer WHERE id = 4711'), 4711);
	my $status = ask($anna, 'SELECT status FROM crm.intervention WHERE id = 310042')->{text};
	check('that snapshot still says', 'on_site', $status, $status eq 'on_site');
	ask($anna, 'ROLLBACK');
	check('the number, after the closing', 'never sent', leaks(4711, $anna->{seen}) ? 'sent' : 'never sent', !leaks(4711, $anna->{seen}));
}

# Nobody closed M. Benali's job, it is still "on_site": the clock alone ended it, 3 h 42 min ago, plus 30 min of grace.
sub hours_later
{
	chapter("3  Hours after the visit to M. Benali, Anna tries again");
	my $guess = "SELECT d FROM generate_series(0, 9) d JOIN crm.customer c ON c.phone LIKE '06 39 98 ' || d || '%' WHERE c.id = 20815";
	$anna->{seen} = '';
	expect('hours later: plain SELECT', 'mask', ask($anna, 'SELECT name, phone FROM crm.customer WHERE id = 20815'), 20815);
	expect('hours later: view', 'mask', ask($anna, 'SELECT name, phone, street, door_code FROM crm.v_job_sheet WHERE customer = 20815'), 20815);
	expect('hours later: row_to_json', 'mask', ask($anna, 'SELECT row_to_json(c) FROM crm.customer c WHERE id = 20815'), 20815);
	expect("hours later: LIKE '06%'", 'mask or no row', ask($anna, "SELECT name, phone FROM crm.customer WHERE id = 20815 AND phone LIKE '06%'"), 20815);
	my $r = ask($anna, $guess);
	check('guesses the next digit by LIKE', 'finds 0 of 10', 'finds ' . @{ $r->{rows} } . ' of 10', $r->{state} eq '00000' && !@{ $r->{rows} });
	$r = ask($dispatcher, $guess);
	check('the same by the dispatcher', 'finds 1 of 10', 'finds ' . @{ $r->{rows} } . ' of 10', @{ $r->{rows} } == 1);
	$r = ask($anna, 'UPDATE crm.customer SET name = phone WHERE id = 20815 RETURNING name');
	check('SET name = phone', 'refused', got($r, 20815), $r->{state} =~ /^(42501|55000)$/);
	my $name = $root->do('SELECT name FROM crm.customer WHERE id = 20815')->{text};
	check('the name, after that', 'M. Karim Benali', $name, $name eq 'M. Karim Benali');
	check("M. Benali's data, in all this", 'never sent', leaks(20815, $anna->{seen}) ? 'sent' : 'never sent', !leaks(20815, $anna->{seen}));
}

sub others_read
{
	chapter('4  Those who need no visit, and those who must not see the log');
	expect('the dispatcher reads', 'the value', ask($dispatcher, 'SELECT name, phone, street FROM crm.customer WHERE id = 4711'), 4711);
	expect('a superuser reads', 'the value', ask($root, 'SELECT name, phone FROM crm.customer WHERE id = 4711'), 4711);
	my $r = ask($anna, 'SELECT * FROM contact_guard.access_log');
	check('Anna looks into the log', 'error 42501', got($r, 4711), $r->{state} eq '42501');
	$r = ask($auditor, 'SELECT phone FROM crm.customer WHERE id = 4711');
	check('the auditor looks at a number', 'error 42501', got($r, 4711), $r->{state} eq '42501');
}

sub auditor_asks
{
	chapter('5  The auditor asks');
	my $range = "'$since', clock_timestamp()";
	ask($auditor, 'SELECT contact_guard.sync()');

	my $r = ask($auditor, "SELECT read_at::time(0), actor, event, columns, purpose FROM contact_guard.who_read('4711', $range)");
	my @by = map { { actor => $_->[1], event => $_->[2], columns => $_->[3] // '', purpose => $_->[4] // '' } } @{ $r->{rows} };
	my $count = sub { my ($want) = @_; scalar grep { $want->($_) } @by };
	my $shown = $count->(sub { $_[0]{actor} eq 'anna' && $_[0]{event} eq 'shown' });
	check("who read Mme Lefèvre's: Anna, shown", '4', $shown, $shown == 4);
	my $rolled = $count->(sub { $_[0]{actor} eq 'anna' && $_[0]{event} eq 'shown' && $_[0]{columns} =~ /email/ });
	check('  of these rolled back', '1', $rolled, $rolled == 1);
	my $planning = $count->(sub { $_[0]{actor} eq 'dispatcher' && $_[0]{event} eq 'shown' && $_[0]{purpose} eq 'planning' });
	check('  the dispatcher, for planning', '1', $planning, $planning == 1);
	my $super = $count->(sub { $_[0]{actor} eq 'postgres' && $_[0]{event} eq 'shown' });
	check('  the superuser', '1', $super, $super == 1);

	$r = ask($auditor, 'SELECT read_at::time(0), customer, columns, closed_at::timestamptz(0), after_close'
		. " FROM contact_guard.reads_after_close($range) WHERE actor = 'anna'");
	my @late = grep { $_->[1] eq '20815' } @{ $r->{rows} };
	my $after = @late ? $late[0][4] =~ s/\..*//r : 'nothing';
	check('reads after the visit to M. Benali', '4 or more', scalar @late, @late >= 4);
	check('  so long after the window', '3 h 12 min', $after, $after =~ /^03:1[2-5]:/);

	$r = ask($auditor, "SELECT actor, attempts, customers FROM contact_guard.withheld_attempts($range)");
	my $tried = first { $_->[0] eq 'anna' } @{ $r->{rows} };
	check('withheld attempts: Anna', '2 customers', $tried ? "$tried->[2] customers" : 'nothing', $tried && $tried->[2] == 2 && $tried->[1] >= 5);

	$r = ask($auditor, "SELECT read_at::time(0), customer, event, query FROM contact_guard.reads_by('anna', $range)");
	my $withheld = grep { $_->[1] eq '4711' && $_->[2] eq 'withheld' } @{ $r->{rows} };
	check("Anna's reads: 4711 after the closing", '1 or more', $withheld, $withheld >= 1);
	my $json = grep { ($_->[3] // '') =~ /row_to_json/ } @{ $r->{rows} };
	check('  and what she typed: row_to_json', 'in the log', $json ? 'in the log' : 'missing', $json);

	$r = $auditor->do('SELECT l::text FROM contact_guard.access_log l');
	my $leak = !@{ $r->{rows} } ? 'no log' : (any { leaks($_, $r->{text}) } keys %person) ? 'some' : 'none';
	check('guarded values in the log itself', 'none', $leak, $leak eq 'none');
}

# In a transaction that is still open: no commit helps the record to the disk.
sub power_cut
{
	chapter('6  The server is killed right after a number was shown');
	ask($dispatcher, "INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)"
		. " VALUES (90210, 'anna', now(), now() + interval '1 hour', 'en_route')");
	sleep 1.1;		# a guard may remember for a second that a customer is withheld
	ask($anna, 'BEGIN');
	expect('a new job: Anna reads', 'the value', ask($anna, 'SELECT name, phone FROM crm.customer WHERE id = 90210'), 90210);
	my $killed = $server->kill9;
	print "  kill -9 of $killed processes\n";
	my $r = ask($anna, 'COMMIT');
	check('her session after kill -9', 'gone', $r->{state} eq '00000' ? 'alive' : 'gone', $r->{state} ne '00000');

	phase('restart', sub { $server->start });
	$auditor = Session->new($server, 'auditor');
	ask($auditor, 'SELECT contact_guard.sync()');
	$r = ask($auditor, "SELECT read_at::time(0), actor, event, columns FROM contact_guard.who_read('90210', '$since', clock_timestamp())");
	my @shown = grep { $_->[1] eq 'anna' && $_->[2] eq 'shown' } @{ $r->{rows} };
	check('the record after the restart', '1', scalar @shown, @shown == 1);
	$r = ask($auditor, "SELECT count(*) FROM contact_guard.who_read('4711', '$since', clock_timestamp()) WHERE actor = 'anna' AND event = 'shown'");
	check('the records from before the crash', '4', $r->{text}, $r->{text} eq '4');
}

# Whom docs/auditing.md asks about: Marc looks for people of his street and of his name, and makes himself a visit.
sub curious
{
	chapter('7  Marc is curious');
	my $marc = Session->new($server, 'marc');
	ask($marc, 'SELECT name, phone, door_code FROM crm.customer WHERE id = 60010');
	for my $id (4711, 60002, 60003)
	{
		expect("Marc tries $person{$id}{name}", 'mask', ask($marc, "SELECT name, phone, street FROM crm.customer WHERE id = $id"), $id);
	}
	ask($marc, 'SELECT name, phone FROM crm.customer WHERE id = 60011');
	ask($marc, "SELECT count(phone) FROM crm.customer WHERE postcode = '69003'");
	my $r = ask($marc, 'CREATE TEMP TABLE mine AS SELECT name, phone FROM crm.customer WHERE id = 60002');
	check('he stores a number', 'error 42501', got($r, 60002), $r->{state} eq '42501');
	ask($marc, "INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)"
		. " VALUES (60003, 'marc', now(), now() + interval '10 minutes', 'on_site')");
	sleep 1.1;
	expect('a visit of his own making', 'the value', ask($marc, 'SELECT name, phone FROM crm.customer WHERE id = 60003'), 60003);
}

sub everyday_work
{
	chapter('8  What else happens in a day');
	($dispatcher, $root) = map { Session->new($server, $_) } qw(dispatcher postgres);
	ask($dispatcher, "SELECT id, name FROM crm.customer WHERE phone = '06 39 98 47 11'");
	ask($dispatcher, 'SELECT name, phone FROM crm.customer WHERE id = 60011');
	my $app = Session->new($server, 'crm_app');
	ask($app, $_) for 'BEGIN', "SELECT contact_guard.act_as('anna')", 'SELECT name, phone FROM crm.customer WHERE id = 90210', 'COMMIT';
	phase('pg_dump by backup', sub { $server->tool(qw(pg_dump -U backup -t crm.customer -f /dev/null)) });
	ask($root, "SELECT contact_guard.hold('4711', 'complaint 7/26')");
	ask($root, "SELECT contact_guard.erase_customer('60011', 'request of the customer')");
}

# Without the library nothing is guarded; that this was so is on record.
sub without_guard
{
	chapter('9  The server runs without the library for a moment');
	$_->DESTROY for grep { $_ } $anna, $dispatcher, $auditor, $root;
	$server->stop('INT', 20);
	$server->start('-c', 'shared_preload_libraries=');
	$root = Session->new($server, 'postgres');
	expect('without it: a superuser reads', 'the value', ask($root, 'SELECT name, phone FROM crm.customer WHERE id = 4711'), 4711);
	$root->DESTROY;
	$server->stop('INT', 20);
	phase('restart', sub { $server->start });
	$auditor = Session->new($server, 'auditor');
	ask($auditor, 'SELECT contact_guard.sync()');
	my $r = ask($auditor, "SELECT count, reason FROM contact_guard.access_log WHERE event = 'start' AND count > 0");
	check('runs without the guard, on record', '1', $r->{rows}[0][0] // 'none', @{ $r->{rows} } == 1 && $r->{rows}[0][0] eq '1');
}

# What she gets names nobody, and lies where it stays after the demo.
sub customer_asks
{
	chapter('10  Mme Lefèvre asks who has looked at her data');
	$root = Session->new($server, 'postgres');
	ask($root, $_) for 'CREATE ROLE dpo LOGIN', 'GRANT contact_guard_dpo TO dpo', "SELECT contact_guard.reader_category('technicians', 'technician')",
	  "SELECT contact_guard.reader_category('dispatcher', 'dispatch')";
	my $place = tempdir('contact_guard-report.XXXXXX', DIR => '/tmp');
	my @command = ('report', "host=$dir dbname=crm user=dpo", '--customer', 4711, '--reference', 'DSAR-2026-118', '--received', strftime('%Y-%m-%d', localtime),
		'--language', 'fr', '--timezone', 'Europe/Paris', '--controller', 'Fibre SARL, Lyon', '--categories', "$dir/words.csv", '--out', "$place/lefevre");
	print '  dpo> contact-guard ', join(' ', map { /[^\w.\/=-]/ ? "'$_'" : $_ } @command), "\n";
	my $client = -x "$bindir/contact-guard" ? "$bindir/contact-guard" : 'contact-guard';
	my $said = '';
	my $made = IPC::Run::run([ $client, @command ], '<', \undef, '>&', \$said, IPC::Run::timeout(120));
	utf8::decode($said);
	print map { "      $_\n" } split /\n/, $said;
	my $page = '';
	if ($made && open my $fh, '<:encoding(UTF-8)', "$place/lefevre/report.html")
	{
		local $/;
		$page = <$fh>;
	}
	my ($times) = $page =~ /ont été consultées (\d+) fois/;
	check('her report: consultations', 'some', $times // 'none', defined $times);
	my @named = grep { $page =~ /\b\Q$_\E\b/ } qw(anna marc dispatcher call_centre backup crm_app postgres dpo);
	check('who is named in it', 'nobody', "@named" || 'nobody', $page ne '' && !@named);
	check('and her data are not in it', 'nothing', leaks(4711, $page) ? 'something' : 'nothing', !leaks(4711, $page));
	# The data are invented: whoever has started the demo may look at them.
	chmod 0755, $place, "$place/lefevre";
	$report = "$place/lefevre/report.html" if $page ne '';
}

# Real telephony: the gateway of examples/relay, and sipp as the telephones on both sides.
sub by_relay
{
	chapter('11  Anna calls Mme Lefèvre, whose number is not on her job sheet any more');
	# 181_auditing tells the story without it, wherever it runs: it asks what is on record then.
	if (my @missing = -e "$dir/site.sql" ? Relay->missing : 'site.sql')
	{
		print "  left out, because this is not there: @missing\n";
		return;
	}
	$_->DESTROY for grep { $_ } $anna, $dispatcher, $auditor;
	($anna, $dispatcher, $auditor) = map { Session->new($server, $_) } qw(anna dispatcher auditor);
	$server->tool(qw(psql -X -q -U postgres -v ON_ERROR_STOP=1 -f), "$dir/site.sql");
	$root->do("SELECT relay.set_password('anna', 'secret')");
	ask($root, "SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'constant(by relay)', reveal => 'relay')");
	ask($dispatcher, "INSERT INTO crm.intervention (id, customer_id, technician, starts_at, ends_at, status)"
		. " VALUES (900001, 4711, 'anna', now(), now() + interval '1 hour', 'on_site')");
	sleep 1.1;
	$anna->{seen} = '';
	expect('on site: reads the number', 'mask', ask($anna, 'SELECT name, phone FROM crm.customer WHERE id = 4711'), 4711);
	my ($token) = ask($anna, 'SELECT token FROM contact_guard.contact(4711)')->{text} =~ /^([0-9a-f]{32})$/m;
	check('the button "call" gets', 'a token', defined $token ? 'a token' : 'nothing', defined $token);
	$relay = Relay->new($dir);
	$relay->customer('uas');
	$relay->technician('uac_hold', $token // 'none');
	my $up = $relay->until_received('technician', 'SIP/2\.0 200', 20);
	print "  her telephone dials sip:$token\@relay.example, Mme Lefèvre's rings and is answered\n";
	check('the call', 'goes through', $up ? 'goes through' : 'fails', $up);
	ask($dispatcher, 'UPDATE crm.intervention SET status = \'done\' WHERE id = 900001');
	my $closed = time;
	my $ended = $relay->until_received('technician', 'BYE', 10) && $relay->until_received('customer', 'BYE', 10);
	my $after = time - $closed;
	printf "  both telephones got BYE after %.1f s\n", $after;
	check('the dispatcher closes the job: it ends', 'within 2 s', $ended ? sprintf('after %.1f s', $after) : 'never', $ended && $after <= 2);
	my $received = $relay->received('technician');
	for (1 .. 200)
	{
		last if $root->do('SELECT count(*) FROM contact_guard.contact_call WHERE ended_at IS NOT NULL')->{text} eq '1';
		sleep 0.05;
	}
	print "  (the demo puts the visit four hours back)\n";
	$root->do("UPDATE crm.intervention SET starts_at = starts_at - interval '4 hours', ends_at = ends_at - interval '4 hours' WHERE id = 900001");
	$relay->technician('uac_refused', $token // 'none');
	my $refused = $relay->until_received('technician', 'SIP/2\.0 403', 20);
	my ($answer) = $relay->received('technician') =~ /^SIP\/2\.0 ([345]\d\d (?!Proxy).*?)\r?$/m;
	print "  hours later her telephone dials it again: ", $answer // 'no answer', "\n";
	check('hours later: the same button', '403 Window Closed', $answer // 'no answer', $refused && ($answer // '') eq '403 Window Closed');
	$received .= $relay->received('technician');
	check("Mme Lefèvre's number, in all this", 'never sent', leaks(4711, $anna->{seen} . $received) || $received =~ /639984711/ ? 'sent' : 'never sent',
		$received ne '' && !leaks(4711, $anna->{seen} . $received) && $received !~ /639984711/);
	ask($auditor, 'SELECT contact_guard.sync()');
	my $r = ask($auditor, "SELECT read_at::time(0), actor, login, event, columns, intervention, reason FROM contact_guard.access_log"
		. " WHERE event LIKE 'contact%' ORDER BY seq");
	my $events = join ', ', map { $_->[3] . ($_->[6] eq '(null)' ? '' : ": $_->[6]") } @{ $r->{rows} };
	check('what the auditor sees', 'the call and the refusal', $events, $events eq 'contact_offered, contact, contact_end: ended, contact_refused: window closed');
	$relay->stop;
}

sub prepare
{
	$server = Server->new($dir, $bindir);
	phase('private server', sub {
		$server->init(
			listen_addresses => '',
			unix_socket_directories => $dir,
			shared_preload_libraries => 'contact_guard',
			wal_level => 'replica',
			shared_buffers => '256MB',
			max_wal_size => '2GB',
			log_line_prefix => '%m [%p] %u@%d ');
		$server->start;
		$server->tool('createdb', '-U', 'postgres', 'crm');
	});
	phase('200,000 customers, 400,000 visits', sub { $server->tool(qw(psql -X -q -U postgres -f), "$dir/crm.sql") });
	phase('policy', sub { print grep { /WARNING|DETAIL|HINT/ } split /^/m, $server->tool(qw(psql -X -q -U postgres -f), "$dir/policy.sql") });
	($anna, $dispatcher, $auditor, $root) = map { Session->new($server, $_) } qw(anna dispatcher auditor postgres);
	$since = $auditor->do(q{SELECT date_trunc('second', clock_timestamp())})->{text};
}

my $begin = time;
$told = eval {
	prepare();
	$_->() for \&on_site, \&closed_by_dispatcher, \&hours_later, \&others_read, \&auditor_asks, \&power_cut,
	  \&curious, \&everyday_work, \&without_guard, \&customer_asks, \&by_relay;
	1;
};
my $why = $@;
print STDERR "\n$why", $server ? ("The server's last words:\n", $server->log_tail) : () unless $told;
my $bad = show_table();
print "\nMme Lefèvre's report, which names nobody: $report\n" if defined $report;

if ($ENV{KEEP} && $server && $server->{pid})
{
	$keep = 1;
	my $as = $> == $< && getpwuid($>) eq 'postgres' ? 'runuser -u postgres -- ' : '';
	print "\nThe server is running. Log in as one of them (auditor: SELECT * FROM contact_guard.access_log):\n";
	print "  psql -h $dir -d crm -U $_\n" for qw(anna dispatcher auditor postgres);
	print "Stop it and remove everything:\n  $as$bindir/pg_ctl -D $dir/data -m fast stop; rm -rf $dir\n";
}
elsif ($server)
{
	my $clean;
	phase('clean stop', sub { $_->DESTROY for grep { $_ } $anna, $dispatcher, $auditor, $root; $clean = $server->stop('INT', 20) });
	print "the server did not stop within 20 s: killed\n" if !$clean;
	$bad++ if !$clean;
}
printf "total %.1f s\n", time - $begin;
exit($told && !$bad ? 0 : 1);
