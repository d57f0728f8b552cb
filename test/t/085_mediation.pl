# The mediation suite: whatever SQL one writes, no value of a customer without an
# open window comes to the client.  One small file per case, test/mediation/*.sql;
# what their headers mean is in test/mediation/README.
#
#   MEDIATION_CASES      only these, by name or part of it
#   MEDIATION_UNGUARDED  run without policies, and ask that every case fails
#   MEDIATION_TABLE      write case, what, outcome and verdict there, with tabs between

use strict;
use warnings;

use File::Basename;
use FindBin;
use IPC::Run;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = "$FindBin::RealBin/../mediation";
my $unguarded = $ENV{MEDIATION_UNGUARDED};
my @files = sort glob "$folder/[0-9]*.sql";
@files = grep { my $file = basename($_); grep { index($file, $_) >= 0 } split ' ', $ENV{MEDIATION_CASES} } @files
  if $ENV{MEDIATION_CASES};
my %known = map { /^(\d\S*)\s+(.*)/ ? ($1 => $2) : () } split /\n/, -e "$folder/KNOWN" ? slurp_file("$folder/KNOWN") : '';

my $node = PostgreSQL::Test::Cluster->new('mediation');
$node->init;
$node->append_conf('postgresql.conf', <<~'CONF');
	log_statement = none
	wal_level = replica
	max_wal_senders = 0
	statement_timeout = 20s
	autovacuum = off
	jit = off
	max_prepared_transactions = 5
	log_min_messages = fatal
	CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE mediation');
$node->psql('mediation', slurp_file("$folder/setup.sql"), on_error_die => 1,
	extra_params => [ '-v', 'host=' . $node->host, '-v', 'port=' . $node->port ]);
if ($unguarded)
{
	$node->safe_psql('mediation', "ALTER DATABASE mediation SET mediation.unguarded = 'yes'");
	$node->safe_psql('mediation', "SELECT contact_guard.unprotect('crm.$_')") foreach qw(customer site person parts depot area);
}
# What a case leaves behind, and what puts it right
my $checker = $node->background_psql('mediation', on_error_stop => 0);
# The limit is for a query, not for all of them: there are some hundred cases.
$checker->set_query_timer_restart();
my $state_of = q(SELECT mediation.digest() || ' ' || mediation.other_digest(), mediation.stored(),
	(SELECT count(*) FROM pg_class WHERE relnamespace = 'scratch'::regnamespace)
	+ (SELECT count(*) FROM pg_proc WHERE pronamespace = 'scratch'::regnamespace)
	+ (SELECT count(*) FROM pg_type WHERE typnamespace = 'scratch'::regnamespace)
	+ (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'scratch'::regnamespace)
	+ (SELECT count(*) FROM pg_largeobject_metadata));
$checker->query("SET client_min_messages = error; SET search_path = pg_catalog");
my $clean = $checker->query($state_of);
die "no state: $clean" if $clean !~ /^[0-9a-f]{32} [0-9a-f]{32}\|\|0$/;
my ($clean_digest) = split ' ', $clean;

my $major = $node->pg_version->major;
my $table;
if ($ENV{MEDIATION_TABLE})
{
	open $table, '>', $ENV{MEDIATION_TABLE} or die "$ENV{MEDIATION_TABLE}: $!";
	print $table $node->safe_psql('postgres', 'SHOW server_version'), "\n";
}
my $seq = next_seq();
foreach my $file (@files)
{
	my $name = basename($file, '.sql');
	my $text = slurp_file($file);
	my ($since) = $text =~ /^-- since: (\d+)$/m;
	next if $since && $major < $since;
	my %header = (as => 'anna', what => '', error => '', touches => 'yes');
	$header{$1} = $2 while $text =~ /^-- (outcome|as|what|error|touches): (.*?)\s*$/mg;
	next if $unguarded && ($header{outcome} // '') =~ /^(shown|recorded)/;
	my @complaints;
	my ($received, $status) = run_case($file, $header{as});
	$checker->query('SELECT contact_guard.sync()') if !$unguarded;
	my $after = $checker->query($state_of);
	@complaints = judge(\%header, $received, $status, $after);
	restore($after) if $after ne $clean;
	$seq = next_seq();
	my $ok = $unguarded ? @complaints : !@complaints;
	print $table join("\t", $name, $header{what}, $since // '', $header{outcome}, $ok ? 'ok' : $known{$name} ? "a limit: $known{$name}" : 'FAILED'), "\n" if $table;
  SKIP:
	{
		skip "$name: see KNOWN", 1 if $known{$name};
		ok($ok, "$name: $header{what}")
		  or diag(substr join("\n", $unguarded ? 'the case does not fail without a policy' : @complaints,
			"outcome: $header{outcome}; psql's status $status; received:", $received), 0, 4000);
	}
}
$checker->quit;
$node->stop;
done_testing();

# What psql received, and its exit status
sub run_case
{
	my ($file, $as) = @_;
	my $received = '';
	IPC::Run::run([ $node->installed_command('psql'), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose',
			'-v', 'SHOW_CONTEXT=always', '-v', 'ECHO=none', '-v', "forced_parallel=" . forced_parallel($node), '-v', "tmp=${PostgreSQL::Test::Utils::tmp_check}",
			'-h', $node->host, '-p', $node->port, '-U', $as, '-d', 'mediation', '-f', $file ],
		'<', \undef, '>&', \$received, IPC::Run::timeout(60));
	return ($received, $? >> 8);
}

sub next_seq { return $checker->query('SELECT coalesce(max(seq) + 1, 0) FROM contact_guard.log') }

# Everything about the case that is not as it should be
sub judge
{
	my ($header, $received, $status, $after) = @_;
	my ($outcome, $expected) = split ' ', $header->{outcome} // '';
	my %seen = map { $_ + 0 => 1 } $received =~ /GUARDED-(\d{4})/gi;
	my @others = grep { $_ != 7 } keys %seen;
	my ($error) = $received =~ /(?:ERROR|FATAL|PANIC):\s+(\w{5}):/;
	my ($digest, $stored) = $after =~ /^(\S+) \S+\|(.*)\|\d+$/ or die "state: $after";
	my @complaints;

	push @complaints, 'values of customers without a window: ' . join ' ', sort { $a <=> $b } @others
	  if @others && $header->{as} ne 'dispatcher';
	push @complaints, "lost connection" if $received =~ /connection to server was lost|server closed the connection/;
	if ($outcome eq 'refused')
	{
		push @complaints, "not refused with $expected but " . ($error // "status $status")
		  if ($error // '') ne $expected || $status == 0;
		push @complaints, "stored in $stored" if $stored;
		push @complaints, 'guarded tables have changed' if $digest ne $clean_digest;
	}
	elsif ($outcome eq 'intact')
	{
		push @complaints, "stored in $stored" if $stored;
		push @complaints, 'guarded tables have changed' if $digest ne $clean_digest;
	}
	elsif ($outcome !~ /^(masked|shown|recorded)$/)
	{
		push @complaints, "no outcome $outcome";
	}
	# What follows speaks of the guard's records, or would be true without it for other reasons.
	return @complaints if $unguarded;
	if ($outcome ne 'refused')
	{
		push @complaints, "status $status, " . ($error // 'no SQLSTATE')
		  if $header->{error} ? ($error // '') ne $header->{error} : $status != 0;
	}
	push @complaints, 'customer 7 is not shown' if $outcome eq 'shown' && !$seen{7};
	my %events;
	foreach (split /\n/, $checker->query("SELECT event, coalesce(customer, '') FROM contact_guard.log WHERE seq >= $seq AND event IN ('shown', 'withheld', 'bulk', 'lookup', 'searched') AND actor <> 'postgres'"))
	{
		my ($event, $customer) = split /\|/;
		$events{$event}{ $customer // '' } = 1;
	}
	push @complaints, 'no record of a read' if !%events && $header->{touches} eq 'yes' && $outcome =~ /masked|shown/;
	push @complaints, "no record of event $expected" if $outcome =~ /shown|recorded/ && $expected && !$events{$expected};
	push @complaints, 'shown without a record: ' . join ' ', grep { !$events{shown}{$_} } keys %seen
	  if !$events{bulk} && grep { !$events{shown}{$_} } keys %seen;
	return @complaints;
}

# Fills the CRM's tables anew if they have changed, and empties what cases may use.
sub restore
{
	my ($after) = @_;
	$checker->query('SET session_replication_role = replica; SELECT mediation.fill(); RESET session_replication_role')
	  if (split /\|/, $after)[0] ne (split /\|/, $clean)[0];
	$checker->query('DROP SCHEMA scratch CASCADE; CREATE SCHEMA scratch; GRANT ALL ON SCHEMA scratch TO PUBLIC;'
		. ' SELECT lo_unlink(oid) FROM pg_largeobject_metadata');
	# Visits have new times.
	$clean = $checker->query($state_of);
	die "cannot be restored: $clean" if $clean !~ /^$clean_digest \w+\|\|0$/;
	return;
}
