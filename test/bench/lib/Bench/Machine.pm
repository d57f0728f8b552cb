# Names the machine that figures come from.

package Bench::Machine;

use strict;
use warnings;

use Bench;
use POSIX qw(strftime);

sub first_of
{
	my ($file, $pattern) = @_;
	open my $in, '<', $file or return '?';
	while (my $line = <$in>) { return $1 if $line =~ $pattern; }
	return '?';
}

sub load { return first_of('/proc/loadavg', qr/^(\S+ \S+ \S+)/); }

# Flushes a second of the disk that the clusters are on
sub fsync_rate
{
	my $output = qx(@{[ map { "'$_'" } as_postgres('pg_test_fsync', '-s', 1, '-f', work() . '/fsync') ]} 2>/dev/null);
	return $output =~ /^\s+fdatasync\s+([\d.]+) ops/m ? sprintf('%.0f', $1) : '?';
}

sub describe
{
	my $commit = $ENV{BENCH_COMMIT};
	if (!defined $commit)
	{
		chomp($commit = qx(git rev-parse --short=12 HEAD 2>/dev/null) || '?');
		$commit .= ' and changes' if qx(git status --porcelain --untracked-files=no 2>/dev/null);
	}
	chomp(my $version = qx("@{[ bindir() ]}/postgres" --version));
	chomp(my $kernel = qx(uname -sr));
	my $cores = () = slurp_cpuinfo() =~ /^processor/mg;
	return {
		time => strftime('%Y-%m-%d %H:%M:%S %Z', localtime),
		commit => $commit,
		PostgreSQL => $version,
		kernel => $kernel,
		CPU => first_of('/proc/cpuinfo', qr/^model name\s*: (.*)/),
		cores => $cores,
		'memory, GB' => sprintf('%.0f', first_of('/proc/meminfo', qr/^MemTotal:\s+(\d+)/) / 1048576),
		'clusters in' => option('DIR', '/tmp'),
		'fdatasync a second' => fsync_rate(),
		'seconds a turn' => seconds(),
		turns => option('TURNS', 3),
		customers => option('ROWS', 200_000),
		'load at the start' => load(),
	};
}

sub slurp_cpuinfo
{
	open my $in, '<', '/proc/cpuinfo' or return '';
	local $/;
	return <$in>;
}

1;
