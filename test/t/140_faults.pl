# What version 1.0 did not stop (test/faults): each on a fresh cluster, judged by
# the lines at its top.  The format is in test/faults/README.md.

use strict;
use warnings;

use File::Basename;
use FindBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Not closed yet.  To be empty.
my %todo = map { $_ => 1 } qw();

chomp(my $libraries = `pg_config --pkglibdir`);
my $folder = "$FindBin::RealBin/../faults";
my @cases = grep { !/00_setup/ } glob("$folder/*.sql $folder/*.sh");
@cases = grep { basename($_) =~ /$ENV{CG_FAULTS}/ } @cases if $ENV{CG_FAULTS};
# The fresh cluster, after 00_setup.sql: each case has a copy.
my $template = PostgreSQL::Test::Cluster->new('faults');
$template->init(allows_streaming => 'logical');
$template->append_conf('postgresql.conf', join "\n", 'wal_level = replica', 'fsync = off', 'restart_after_crash = on');
$template->start;
my $setup = as_client($template, 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$folder/00_setup.sql");
BAIL_OUT("00_setup.sql: $setup") if $setup =~ /ERROR|FATAL/;
$template->stop;
$template->backup_fs_cold('fresh');

run_case($_) foreach @cases;
done_testing();

# The lines at the top: KEY => [ VALUE... ]
sub header
{
	my ($file) = @_;
	my %header;
	foreach my $line (split /\n/, slurp_file($file))
	{
		next if $line =~ /^#!/;
		last if $line !~ /^(?:#|--) (right|shows|never|log|then|restart|conf|preload|arguments)\b:? ?(.*)/;
		push @{ $header{$1} }, $2;
	}
	return \%header;
}

sub run_case
{
	my ($file) = @_;
	my $header = header($file);
	my $library = ($header->{preload} // [])->[0];
	my @arguments = split ' ', ($header->{arguments} // [''])->[0];

	BAIL_OUT("$file does not say what is right") if !$header->{right};
	if ($library && !-e "$libraries/$library.so")
	{
	  SKIP: { skip "$library is not installed", 1; }
		return;
	}
	run_on_fresh($file, $header, $library, $_) foreach @arguments ? @arguments : ('');
	return;
}

sub run_on_fresh
{
	my ($file, $header, $library, $argument) = @_;
	my $name = basename($file) =~ s/\.\w+$//r;
	my $what = join ' ', $name, $argument || ();
	my $node = PostgreSQL::Test::Cluster->new("faults_${name}_$argument");

	$node->init_from_backup($template, 'fresh');
	$node->append_conf('postgresql.conf', join "\n", $library ? "shared_preload_libraries = '$library,contact_guard'" : (),
		@{ $header->{conf} // [] });
	$node->start;
	my $out = as_client($node, $file =~ /sql$/ ? ('psql', '-X', '-f', $file) : ('bash', $file, $argument || ()));
	$node->restart if $header->{restart};

  TODO:
	{
		local $TODO = $todo{$name} ? 'not closed yet' : undef;
		my @wrong = judge($node, $header, $out);
		ok(!@wrong, "$what: $header->{right}[0]") or diag(join "\n", @wrong, 'printed:', substr($out, -4000));
	}
	eval { $node->stop('immediate') };
	return;
}

sub as_client
{
	my ($node, @command) = @_;
	my $out = '';
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => 'postgres', PGDATABASE => 'postgres',
		LAB => PostgreSQL::Test::Utils::tempdir());
	my $ok = eval { IPC::Run::run(\@command, '<', \'', '>&', \$out, IPC::Run::timeout(300)); 1 };
	$out .= "\nno end within 300 s\n" if !$ok;
	return $out;
}

# What is not as the header says
sub judge
{
	my ($node, $header, $out) = @_;
	my @wrong;
	my $log = slurp_file($node->logfile);

	push @wrong, 'crashed' if $log =~ /PANIC: |TRAP: |terminated by signal/;
	push @wrong, map { "does not show: $_" } grep { $out !~ /$_/s } @{ $header->{shows} // [] };
	push @wrong, map { "shows: $_" } grep { $out =~ /$_/s } @{ $header->{never} // [] };
	push @wrong, map { "not in the log: $_" } grep { $log !~ /$_/ } @{ $header->{log} // [] };
	foreach my $then (@{ $header->{then} // [] })
	{
		my ($db, $sql, $want) = $then =~ /^(\w+): (.*) => (.*)$/ or BAIL_OUT("not understood: $then");
		my ($got, $err);
		$node->psql($db, $sql, stdout => \$got, stderr => \$err);
		$got =~ s/.*\n//s;
		push @wrong, "$sql: '$got' $err" if $got ne $want;
	}
	push @wrong, 'no answer any more' if $out =~ /no end within/;
	return @wrong;
}
