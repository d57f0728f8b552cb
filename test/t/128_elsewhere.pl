# docs/elsewhere.md: where else numbers end up, and the settings that stop it.  Each claim of
# the page that can be tested without looking into a machine is tested here, both ways: that
# the number gets there, and that the setting keeps it out.

use strict;
use warnings;

use File::Find;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

chomp(my $libdir = `pg_config --pkglibdir`);
my @libraries = grep { -e "$libdir/$_.so" } qw(pg_stat_statements auto_explain pgaudit);
my %there = map { $_ => 1 } @libraries;
my ($settings) = slurp_file("$FindBin::RealBin/../../docs/elsewhere.md") =~ /^```ini\n(.*?)^```/ms or die 'no settings';
my $node = guard_node('elsewhere', "shared_preload_libraries = '" . join(', ', @libraries, 'contact_guard') . "'", $settings,
	'wal_level = logical', 'autovacuum = off', 'wal_compression = off');
make_roles($node);
make_crm($node, 'crm', 5000);
$node->safe_psql('crm', q(GRANT INSERT, UPDATE ON crm.customer TO dispatcher, anna; GRANT CREATE ON DATABASE crm TO dispatcher));
my $major = $node->pg_version->major;

# A number that is in no customer's row, so that who searches for it writes it
my $searched = '0611223344';

# logged(PATTERN, USER, SQL, SETTING...): does the server's log have it after the statement?
sub logged
{
	my ($pattern, $user, $sql, @settings) = @_;
	my $at = -s $node->logfile;
	$node->safe_psql('postgres', join('; ', "ALTER ROLE $user RESET ALL", map { my ($name, $value) = split /=/, $_, 2; "ALTER ROLE $user SET $name = '$value'" } @settings))
	  if @settings;
	ref $sql ? $sql->() : as($node, 'crm', $user, $sql);
	$node->safe_psql('postgres', "ALTER ROLE $user RESET ALL") if @settings;
	return slurp_file($node->logfile, $at) =~ $pattern ? 1 : 0;
}

# sends(SQL, VALUE): as a driver does, with a parameter
sub sends
{
	my ($sql, $value) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/script';
	append_to_file($file, "$sql;\n");
	return sub { my ($out, $err); IPC::Run::run([ 'pgbench', '-n', '-t', 1, '-M', 'extended', '-D', "n=$value", '-f', $file, '-U', 'dispatcher', '-d', $node->connstr('crm') ], '>', \$out, '2>', \$err) };
}

# 1. The server's log
my $search = "SELECT id FROM crm.customer WHERE phone = '$searched'";
my $bytes = join ' ', map { ord } split //, $searched;
is(logged(qr/$searched/, 'dispatcher', $search), 0, 'a statement is not logged');
foreach ([ 'log_statement=all' ], [ 'log_min_duration_statement=0' ], [ 'log_min_duration_sample=0', 'log_statement_sample_rate=1' ], [ 'log_transaction_sample_rate=1' ])
{
	is(logged(qr/$searched/, 'dispatcher', $search, @$_), 1, "... with @$_ it is");
}
is(logged(qr/$searched/, 'dispatcher', $search, 'log_statement=ddl'), 0, 'log_statement = ddl does not write a query');
is(logged(qr/$searched/, 'dispatcher', "CREATE TEMP TABLE t AS $search", 'log_statement=ddl'), 1, '... but CREATE TABLE AS');
my $wrong = "SELECT nothing FROM crm.customer WHERE phone = '$searched'";
is(logged(qr/$searched/, 'dispatcher', $wrong), 0, 'a statement that fails is not logged');
is(logged(qr/$searched/, 'dispatcher', $wrong, 'log_min_error_statement=error'), 1, '... with log_min_error_statement = error it is');
my $send = sends('SELECT id FROM crm.customer WHERE phone = :n', $searched);
is(logged(qr/$searched/, 'dispatcher', $send, 'log_statement=all', 'log_error_verbosity=default'), 0, 'nor are parameters');
is(logged(qr/$searched/, 'dispatcher', $send, 'log_statement=all', 'log_error_verbosity=default', 'log_parameter_max_length=-1'), 1, '... with log_parameter_max_length they are');
$send = sends('SELECT id FROM crm.customer WHERE 1 / (length(:n::text) - length(:n::text)) = 1', $searched);
is(logged(qr/$searched/, 'dispatcher', $send, 'log_error_verbosity=default'), 0, 'nor those of a statement that fails');
is(logged(qr/$searched/, 'dispatcher', $send, 'log_parameter_max_length_on_error=-1', 'log_error_verbosity=default'), 1, '... with log_parameter_max_length_on_error they are');
foreach ([ 'COPY FROM', "COPY crm.plain FROM STDIN;\n1\t$searched\tmore\n\\.\n" ], [ 'EXECUTE', "DO \$\$BEGIN EXECUTE 'SELECT nothing WHERE 1 = $searched'; END\$\$" ])
{
	is(logged(qr/$searched/, 'postgres', $_->[1]), 0, "nor is the context: $_->[0]");
	is(logged(qr/$searched/, 'postgres', $_->[1], 'log_error_verbosity=default'), 1, '... with log_error_verbosity = default it is');
}
foreach my $print (qw(parse rewritten plan))
{
	is(logged(qr/\b$bytes\b/, 'dispatcher', $search, 'log_error_verbosity=default'), 0, 'nor are trees');
	is(logged(qr/\b$bytes\b/, 'dispatcher', $search, "debug_print_$print=on", 'log_error_verbosity=default'), 1, "... with debug_print_$print they are, in bytes");
}
# What is read
my $read = 'SELECT phone FROM crm.customer WHERE id = 7';
is(as($node, 'crm', 'anna', $read), phone_of(7), 'anna is shown a number');
is(logged(qr/0600000007/, 'anna', $read, 'log_statement=all', 'log_min_duration_statement=0', 'log_min_messages=debug5', 'log_executor_stats=on', 'debug_print_plan=on'), 0, 'no result is logged, whatever the settings');
is(logged(qr/0600000007/, 'anna', 'SELECT phone::date FROM crm.customer WHERE id = 7'), 1, '... but a shown value in the message of an error');
is(logged(qr/0600000042/, 'anna', 'SELECT phone::date FROM crm.customer WHERE id = 42', 'log_error_verbosity=verbose', 'log_min_error_statement=error'), 0, '... and never a withheld one');

# 2. pg_stat_statements
SKIP:
{
	skip 'pg_stat_statements', 1 if !$there{pg_stat_statements};
	$node->safe_psql('crm', 'CREATE EXTENSION pg_stat_statements');
	my $kept = sub {
		my ($sql, $setting) = @_;
		$node->safe_psql('crm', 'SELECT pg_stat_statements_reset()');
		$node->safe_psql('postgres', "ALTER ROLE dispatcher SET $setting") if $setting;
		as($node, 'crm', 'dispatcher', $sql);
		$node->safe_psql('postgres', 'ALTER ROLE dispatcher RESET ALL');
		return $node->safe_psql('crm', "SELECT count(*) FROM pg_stat_statements WHERE query ~ '$searched'");
	};
	my $on = 'pg_stat_statements.track_utility = on';
	is($kept->($search, $on), 0, 'pg_stat_statements keeps a query without constants');
	is($node->safe_psql('crm', "SELECT count(*) FROM pg_stat_statements WHERE query ~ 'phone = .1'"), 1, '... it does keep it');
	is($kept->("UPDATE crm.customer SET phone = '$searched' WHERE id = 4999", $on), 0, '... an UPDATE, too');
	is($kept->("INSERT INTO crm.customer VALUES (5999, 'x', '$searched')", $on), 0, '... and an INSERT');
	foreach ([ DO => "DO \$\$BEGIN PERFORM id FROM crm.customer WHERE phone = '$searched'; END\$\$", 99 ],
		[ DECLARE => "BEGIN; DECLARE c CURSOR FOR $search; COMMIT", 15 ], [ COPY => "COPY ($search) TO STDOUT", 15 ],
		[ 'CREATE TABLE AS' => "CREATE TEMP TABLE x AS $search", 15 ], [ EXPLAIN => "EXPLAIN $search", 15 ], [ SET => "SET application_name = '$searched'", 17 ])
	{
		my ($what, $sql, $until) = @$_;
		is($kept->($sql), 0, "... nothing of $what");
		is($kept->($sql, $on), 1, '... which it keeps with track_utility') if $major <= $until;
	}
}

# 3. auto_explain
SKIP:
{
	skip 'auto_explain', 1 if !$there{auto_explain};
	is(logged(qr/$searched/, 'dispatcher', $search, 'auto_explain.log_min_duration=0'), 1, 'auto_explain logs constants');
	is(logged(qr/0600000007/, 'anna', $read, map { "auto_explain.log_$_" } qw(min_duration=0 analyze=on verbose=on nested_statements=on)), 0, '... and no result');
}
# 4. pgaudit
SKIP:
{
	skip 'pgaudit', 1 if !$there{pgaudit};
	is(logged(qr/AUDIT.*READ/, 'dispatcher', $search, 'pgaudit.log=read'), 1, 'pgaudit logs a query');
	is(logged(qr/$searched/, 'dispatcher', $search, 'pgaudit.log=read'), 0, '... without its text');
	is(logged(qr/$searched/, 'dispatcher', $search, 'pgaudit.log=read', 'pgaudit.log_statement=on'), 1, '... with pgaudit.log_statement with it');
	is(logged(qr/0600000007/, 'anna', $read, 'pgaudit.log=all', 'pgaudit.log_rows=on', 'pgaudit.log_parameter=on', 'pgaudit.log_statement=on'), 0, '... and no result');
}

# 5. What others see of a session
{
	$node->safe_psql('crm', 'CREATE ROLE mon LOGIN IN ROLE pg_monitor');
	foreach my $track (qw(off on))
	{
		my $session = session($node, 'crm', 'dispatcher');
		$node->safe_psql('postgres', "ALTER ROLE dispatcher SET track_activities = $track");
		$session->quit;
		$session = session($node, 'crm', 'dispatcher');
		$session->query($search);
		# The question is itself a statement with this number, unless it is put together.
		my $see = "SELECT count(*) FROM pg_stat_activity WHERE strpos(query, reverse('" . reverse($searched) . "')) > 0";
		is($node->safe_psql('crm', $see, extra_params => [ '-U', $_ ]), $track eq 'on' && $_ ne 'eve' ? 1 : 0, "track_activities $track: what $_ sees") foreach qw(postgres mon dispatcher eve);
		$session->quit;
	}
	$node->safe_psql('postgres', 'ALTER ROLE dispatcher RESET ALL');
}

{
	my $session = session($node, 'crm', 'dispatcher');
	$session->query("PREPARE p AS $search; BEGIN; DECLARE c CURSOR FOR $search");
	foreach my $view (qw(pg_prepared_statements pg_cursors))
	{
		my $see = "SELECT count(*) FROM $view WHERE strpos(statement, reverse('" . reverse($searched) . "')) > 0";
		like($session->query($see), qr/^1$/m, "$view has the text, for the session itself");
		is($node->safe_psql('crm', $see, extra_params => [ '-U', $_ ]), 0, "... and not for $_") foreach qw(postgres mon);
	}
	$session->quit;
}

# dblink sends statements to another server, which is this one here: only the login differs
$node->safe_psql('crm', 'CREATE EXTENSION dblink');
my $remote = sub { $node->safe_psql('crm', "SELECT * FROM dblink('" . $node->connstr('crm') =~ s/'/''/gr . " user=dispatcher', '" . $search =~ s/'/''/gr . "') t(id bigint)") };
is(logged(qr/$searched/, 'dispatcher', $remote), 0, 'the other server of dblink logs no statement');
is(logged(qr/$searched/, 'dispatcher', $remote, 'log_statement=all'), 1, '... with its own log_statement it does');

# 6. Statistics
{
	my $kept = sub { $node->safe_psql('crm', "SELECT count(*) FROM pg_statistic WHERE starelid = '$_[0]'::regclass AND staattnum = $_[1]") };
	my $stats = "SELECT count(*) FROM pg_stats WHERE tablename = 'customer' AND attname = 'phone' AND concat(histogram_bounds, most_common_vals) ~ '06000'";
	$node->safe_psql('crm', 'ANALYZE crm.customer; SELECT contact_guard.sync()');
	my $before = log_rows($node, 'crm', "event = 'lookup' AND actor = 'postgres'");
	is($node->safe_psql('crm', $stats), 1, 'statistics have values, which a superuser sees');
	cmp_ok(log_rows($node, 'crm', "event = 'lookup' AND actor = 'postgres'"), '>', $before, '... on record');
	is($node->safe_psql('crm', $stats, extra_params => [ '-U', $_ ]), 0, "... and $_ does not") foreach qw(anna eve);
	$node->safe_psql('crm', 'ALTER TABLE crm.customer ALTER phone SET STATISTICS 0; ANALYZE crm.customer');
	is($kept->('crm.customer', 3), 1, 'SET STATISTICS 0 keeps old statistics');
	$node->safe_psql('crm', "DELETE FROM pg_statistic WHERE starelid = 'crm.customer'::regclass
		AND staattnum = (SELECT attnum FROM pg_attribute WHERE attrelid = 'crm.customer'::regclass AND attname = 'phone'); ANALYZE crm.customer");
	is($kept->('crm.customer', 3), 0, '... a superuser can delete them, and they do not come again');
	$node->safe_psql('crm', 'CREATE TABLE crm.fresh (id bigint, phone text); INSERT INTO crm.fresh SELECT id, phone FROM crm.customer; ALTER TABLE crm.fresh ALTER phone SET STATISTICS 0; ANALYZE crm.fresh');
	is($kept->('crm.fresh', 2), 0, '... a column that was never analysed has none');
}

# 7. Temporary files
sub temporary
{
	my $found = '';
	find({ no_chdir => 1, wanted => sub { $found .= slurp_file($_) if -f $_ } }, grep { -d } glob($node->data_dir . '/base/pgsql_tmp'));
	return $found;
}

foreach my $user (qw(dispatcher anna))
{
	my $session = session($node, 'crm', $user);
	$session->query("SET work_mem = '64kB'; BEGIN; DECLARE c CURSOR FOR SELECT phone, repeat('x', 100) FROM crm.customer WHERE id > 20 ORDER BY name || id; FETCH 1 c");
	like(temporary(), qr/06000\d{5}/, "temporary files of $user have stored values");
	$session->query('COMMIT');
	is(temporary(), '', '... until the statement ends');
	$session->quit;
}

# 8. Files, WAL, logical decoding
{
	my $heap = sub { slurp_file($node->data_dir . '/' . $node->safe_psql('crm', "CHECKPOINT; SELECT pg_relation_filepath('crm.customer')")) };
	$node->safe_psql('crm', q(SELECT pg_create_logical_replication_slot('decode', 'test_decoding')));
	$node->safe_psql('crm', "INSERT INTO crm.customer VALUES (9000, 'x', '0655443322'); UPDATE crm.customer SET phone = '0699887766' WHERE id = 9000");
	# Before the next checkpoint removes it
	like(join('', map { slurp_file($_) } glob $node->data_dir . '/pg_wal/0*'), qr/0699887766/, 'WAL has the value');
	is($node->safe_psql('crm', "SELECT count(*) FROM pg_logical_slot_get_changes('decode', NULL, NULL) WHERE data ~ '0655443322'"), 1, 'logical decoding has what was written');
	$node->safe_psql('crm', "SELECT pg_drop_replication_slot('decode')");
	like($heap->(), qr/0699887766/, 'the file of a table has the value');
	like($heap->(), qr/0655443322/, '... and the one before');
	$node->safe_psql('crm', 'VACUUM FULL crm.customer');
	unlike($heap->(), qr/0655443322/, 'after VACUUM FULL the old one is gone from the file');
	$node->safe_psql('crm', 'CREATE PUBLICATION parts FOR TABLE crm.customer (id, name)');
	is($node->safe_psql('crm', "SELECT attnames FROM pg_publication_tables WHERE pubname = 'parts'"), '{id,name}', 'a publication without the column');
}

# 9. The access log, and the server's log of all of this
is(log_rows($node, 'crm', "concat(query, reason, purpose, application) ~ '$searched|06000000|0699887766'"), 0, 'the access log has neither values nor constants');
$node->stop;
done_testing();
