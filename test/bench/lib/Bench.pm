# What the parts of the benchmark share: options, clusters, turns, figures and goals.

package Bench;

use strict;
use warnings;

use Exporter 'import';
use File::Temp;
use List::Util qw(max min);
use Time::HiRes qw(time);

our @EXPORT = qw(option seconds goal wanted wanted_goals figure figures_of median prepare
  cluster as_postgres bindir work turns note notes crm);

our (@goals, %figures, @order, %notes, %clusters);
my ($work, $bindir, $owner);

sub option
{
	my ($name, $default) = @_;
	my $value = $ENV{"BENCH_$name"};
	return defined $value && $value ne '' ? $value : $default;
}

sub seconds { return option('SECONDS', 2); }

# goal(name => ..., text => ..., sense => 'at least' or 'at most', goal => n, of => [...]):
# the median of a figure, or of the ratios of two that were measured in the same turns.
sub goal
{
	my (%goal) = @_;
	push @goals, \%goal;
}

sub wanted_goals
{
	my $only = option('ONLY', '');
	return grep { $only eq '' || $_->{name} =~ /$only/ || !grep { !/$only/ } @{ $_->{of} } } @goals;
}

# wanted(VARIANT): chosen by its name, or needed by a goal that is
sub wanted
{
	my ($name) = @_;
	my $only = option('ONLY', '');
	return 1 if $only eq '' || $name =~ /$only/;
	return scalar grep { $_->{name} =~ /$only/ && grep { $_ eq $name } @{ $_->{of} } } @goals;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted ? $sorted[ $#sorted / 2 ] : undef;
}

# figure(NAME, UNIT, VALUE...): more values of a variant
sub figure
{
	my ($name, $unit, @values) = @_;
	push @order, $name if !$figures{$name};
	$figures{$name} //= { name => $name, unit => $unit, values => [] };
	push @{ $figures{$name}{values} }, @values;
}

sub figures_of { return $figures{ $_[0] } ? @{ $figures{ $_[0] }{values} } : (); }

# note(TEXT): what the reader of the table must know, once
sub note { $notes{ $_[0] } //= keys %notes; }
sub notes { return sort { $notes{$a} <=> $notes{$b} } keys %notes; }

sub work { return $work; }
sub bindir { return $bindir; }

# Builds, installs and makes the working directory.
sub prepare
{
	chomp(my $config = qx(sh -c '. test/pg; echo "\$PG_CONFIG"'));
	$ENV{PG_CONFIG} = $config;
	system('bash', '-c', 'set -e; test/setup; . test/pg; pg_build; pg_install >/dev/null') == 0
	  or die "test/bench/run: the build failed\n";
	chomp($bindir = qx("$config" --bindir));
	$work = File::Temp::tempdir(option('DIR', '/tmp') . '/contact_guard_bench.XXXXXX');
	$owner = $$;
	chmod 0755, $work;
	own($work);
	$SIG{$_} = sub { exit 130 } foreach qw(INT TERM HUP);
}

# own(PATH): is the servers' user's, who is not root
sub own
{
	my ($path) = @_;
	return if $>;
	my (undef, undef, $uid, $gid) = getpwnam('postgres');
	chown $uid, $gid, $path;
}

# as_postgres(COMMAND...): the command line that runs it as the servers' user
sub as_postgres
{
	my @command = ('env', '-i', "HOME=$work", "TMPDIR=$work", "PATH=$bindir:/usr/bin:/bin", 'LANG=C.UTF-8', @_);
	unshift @command, qw(setpriv --reuid=postgres --regid=postgres --init-groups) if !$>;
	return @command;
}

# cluster(NAME, SETTING...): the cluster of that name; it is made and started if there is none
sub cluster
{
	my ($name, @settings) = @_;
	require Bench::Cluster;
	$clusters{$name} //= Bench::Cluster->new($name, 5970 + keys %clusters, @settings);
	return $clusters{$name};
}

# crm(): the cluster with the CRM of most parts
sub crm
{
	my $known = $clusters{crm};
	my $crm = cluster('crm', Bench::Cluster::guarded());
	if (!$known)
	{
		$crm->file($_, customers => option('ROWS', 200_000)) foreach qw(crm.sql guard.sql others.sql);
		$crm->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	}
	return $crm;
}

# turns(UNIT, [NAME, CODE]...): runs each CODE once a turn, and notes what it returns as the
# variant's figure.  Every other turn goes backwards, so that no variant always follows the
# same one.
sub turns
{
	my ($unit, @variants) = @_;
	my $count = option('TURNS', 3);
	foreach my $turn (1 .. $count)
	{
		foreach my $variant ($turn % 2 ? @variants : reverse @variants)
		{
			my ($name, $code) = @$variant;
			figure($name, $unit, scalar $code->());
		}
	}
	foreach my $variant (@variants)
	{
		printf "%-46s %10s %s\n", $variant->[0], Bench::Report::number(median(figures_of($variant->[0]))), $unit;
	}
}

END
{
	if (defined $work && $$ == $owner)
	{
		my $code = $?;
		foreach my $cluster (values %clusters)
		{
			print STDERR $cluster->log_end if $code && $code != 130;
			$cluster->stop('immediate');
		}
		if ($ENV{KEEP}) { print STDERR "test/bench/run: $work is kept\n"; }
		else { system('rm', '-rf', $work); }
		$? = $code;
	}
}

1;
