# A server with a small guarded CRM, and functions that tests use on it.
#
# crm.customer: phone_of(id) is the phone of customer id, so that a test can tell
# the value from its mask.  anna is a technician with an open intervention at
# customers 1 to 20, dispatcher has a standing permission, eve has nothing.
package Guarded;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT = qw(guard_node make_roles make_crm phone_of mask_of session as state_of log_rows
  log_is_whole lock_log slow_start forced_parallel children_of wait_gone kill_server journal_key);

use constant WINDOWS => 20;

# The server has the library, and settings with which WAL can be kept.  A hash before the
# settings is for PostgreSQL::Test::Cluster's init(), with allows_streaming, for example.
sub guard_node
{
	my ($name, @conf) = @_;
	my %init = ref $conf[0] ? %{ shift @conf } : ();
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(%init);
	$node->append_conf('postgresql.conf', join("\n", 'wal_level = replica', 'log_statement = none',
			%init ? () : 'max_wal_senders = 0', @conf));
	$node->start;
	return $node;
}

sub make_roles
{
	my ($node) = @_;
	$node->safe_psql('postgres',
		"CREATE ROLE $_ LOGIN") foreach qw(anna dispatcher eve);
	return;
}

# Makes the CRM in a database, which is created if it does not exist.
sub make_crm
{
	my ($node, $dbname, $customers) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $dbname") if $dbname ne 'postgres';
	$node->safe_psql($dbname, qq(
		SET client_min_messages = error;
		CREATE EXTENSION contact_guard;
		CREATE SCHEMA crm;
		GRANT USAGE ON SCHEMA crm TO PUBLIC;
		CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text, phone text);
		CREATE TABLE crm.intervention (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			customer_id bigint NOT NULL, technician name NOT NULL,
			starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, status text NOT NULL);
		CREATE INDEX ON crm.intervention (technician, starts_at);
		CREATE TABLE crm.plain (id bigint PRIMARY KEY, word text);
		INSERT INTO crm.customer SELECT i, 'Customer ' || i, '06' || lpad(i::text, 8, '0')
			FROM generate_series(1, $customers) i;
		INSERT INTO crm.plain SELECT i, 'word ' || i FROM generate_series(1, 1000) i;
		INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)
			SELECT i, 'anna', now() - interval '1 h', now() + interval '1 day', 'on_site'
			FROM generate_series(1, @{[ WINDOWS ]}) i;
		GRANT SELECT ON ALL TABLES IN SCHEMA crm TO anna, dispatcher, eve;
		SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id',
			technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at',
			open_when => \$\$status = 'on_site'\$\$);
		SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}',
			mask => 'partial(2,1)');
		SELECT contact_guard.allow('dispatcher', purpose => 'planning');
		ANALYZE;));
	return;
}

sub phone_of { return sprintf('06%08d', shift) }

sub mask_of { return '06*******' . (shift) % 10 }

# A psql session that stays open and shows the SQLSTATE of errors.
sub session
{
	my ($node, $dbname, $user) = @_;
	return $node->background_psql($dbname, on_error_stop => 0,
		extra_params => [ '-U', $user, '-v', 'VERBOSITY=verbose' ]);
}

# Runs one statement as a user; returns the output, and errors with their SQLSTATE.
sub as
{
	my ($node, $dbname, $user, $sql) = @_;
	my ($out, $err);
	$node->psql($dbname, $sql, stdout => \$out, stderr => \$err, on_error_stop => 0,
		extra_params => [ '-U', $user, '-v', 'VERBOSITY=verbose' ]);
	return wantarray ? ($out, $err) : $out;
}

# The first SQLSTATE in the output of psql.
sub state_of
{
	my ($err) = @_;
	return $err =~ /(?:ERROR|FATAL):\s+(\w{5}):/ ? $1 : '';
}

# The number of rows of the log that satisfy CONDITION, when everything is recorded.
sub log_rows
{
	my ($node, $dbname, $condition) = @_;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return $node->safe_psql($dbname,
		"SELECT count(*) FROM contact_guard.access_log WHERE $condition");
}

# Checks that seq has neither holes nor repetitions, that status() has the same number, and
# that there is no gap, or only those of so many runs of the server without the library.
sub log_is_whole
{
	my ($node, $dbname, $without) = @_;
	$without //= 0;
	# status() is newer than the statement's snapshot
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	# Otherwise the record of the last look at the log would come in between
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return $node->safe_psql($dbname, qq(
		SELECT (count(*), coalesce(min(seq), 0), coalesce(max(seq) + 1, 0), count(DISTINCT seq),
		        count(*) FILTER (WHERE event = 'gap'), count(*) FILTER (WHERE reason ~ '^the server ran without contact_guard'))
		       IS NOT DISTINCT FROM (s.log_size, 0::bigint, s.log_size, s.log_size, ${without}::bigint, ${without}::bigint)
		  FROM contact_guard.status() s LEFT JOIN contact_guard.log ON true
		 GROUP BY s.log_size)) eq 't';
}

# A session that keeps the recorder from storing anything until the session ends or commits.
sub lock_log
{
	my ($node, $dbname) = @_;
	my $locker = session($node, $dbname, 'postgres');
	log_rows($node, $dbname, 'true');
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	return $locker;
}

# What seals messages of the journal in this run: system, database, epoch and key, as who reads
# the files of the running server has them.
sub journal_key
{
	my ($node, $dbname) = @_;
	my $page = pack 'H*', $node->safe_psql($dbname, "CHECKPOINT; SELECT encode(pg_read_binary_file(pg_relation_filepath('contact_guard.journal_key')), 'hex')");
	my ($newest, $key) = (0);
	foreach my $item (unpack 'V*', substr($page, 24, unpack('v', substr($page, 12, 2)) - 24))
	{
		my $row = substr($page, $item & 0x7FFF, $item >> 17);
		next if ($item >> 15 & 3) != 1;
		my ($number) = unpack 'V', substr($row, ord substr($row, 22, 1));
		($newest, $key) = ($number, substr($row, ord(substr($row, 22, 1)) + 17, 32)) if $number > $newest;
	}
	return (split(/\|/, $node->safe_psql($dbname, 'SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), epoch
		FROM pg_control_system(), contact_guard.status()')), $key);
}

# Sends kill -9 to all processes; returns when they are gone.
sub kill_server
{
	my ($node) = @_;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my @all = ($postmaster, children_of($postmaster));
	kill 'KILL', @all;
	$node->{_pid} = undef;
	wait_gone(@all);
	return;
}

# After a kill -9 the old processes may need a moment to end.
sub slow_start
{
	my ($node) = @_;
	foreach (1 .. 100)
	{
		return 1 if $node->start(fail_ok => 1);
		usleep(100_000);
	}
	return $node->start;
}

# The name of the setting that makes any plan a parallel one
sub forced_parallel
{
	my ($node) = @_;
	return $node->pg_version->major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
}

sub children_of
{
	my ($parent) = @_;
	my @children;
	foreach my $stat (glob '/proc/[0-9]*/stat')
	{
		open my $fh, '<', $stat or next;
		my $line = <$fh> // '';
		push @children, $1 if $line =~ /^(\d+) \(.*\) \S (\d+)/s && $2 == $parent;
	}
	return @children;
}

sub wait_gone
{
	foreach my $pid (@_)
	{
		foreach (1 .. 1000)
		{
			last if !kill 0, $pid;
			usleep(10_000);
		}
	}
	return;
}

1;
