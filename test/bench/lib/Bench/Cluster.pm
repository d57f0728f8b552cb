# A cluster of the benchmark's own, on a unix socket in the working directory.

package Bench::Cluster;

use strict;
use warnings;

use Bench;
use POSIX ();
use Time::HiRes qw(sleep time);

# Settings of a server with the guard: those of the tests, and a backlog that a run
# without a pause does not fill.
sub guarded
{
	open my $file, '<', 'test/contact_guard.conf' or die "test/contact_guard.conf: $!\n";
	return (map { chomp; $_ } grep { !/^#/ } <$file>), "contact_guard.max_backlog = '20GB'";
}

sub new
{
	my ($class, $name, $port, @settings) = @_;
	my $self = bless { name => $name, port => $port, data => work() . "/$name", log => work() . "/$name.log", scripts => 0,
		guarded => scalar grep { /contact_guard/ } @settings }, $class;

	run('initdb', '-D', $self->{data}, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8');
	open my $conf, '>>', "$self->{data}/postgresql.conf" or die "$self->{data}: $!\n";
	print $conf map { "$_\n" } "listen_addresses = ''", "unix_socket_directories = '" . work() . "'", "port = $port",
	  'max_connections = 200', 'shared_buffers = 512MB', 'max_wal_size = 8GB', 'checkpoint_timeout = 30min',
	  'log_statement = none', 'jit = off', @settings;
	close $conf;
	$self->start;
	return $self;
}

# start(OPTION...): with these for the server's command line
sub start
{
	my ($self, @options) = @_;
	run('pg_ctl', '-D', $self->{data}, '-l', $self->{log}, '-w', (map { ('-o', $_) } @options), 'start');
	$self->{running} = 1;
}

sub stop
{
	my ($self, $how) = @_;
	return if !$self->{running};
	system(as_postgres('sh', '-c', 'exec pg_ctl -D "$1" -m "$2" -w stop >/dev/null 2>&1', 'sh', $self->{data}, $how // 'fast'));
	$self->{running} = 0;
}

sub log_end
{
	my ($self) = @_;
	open my $log, '<', $self->{log} or return ();
	my @lines = <$log>;
	return ("-- end of $self->{log}:\n", @lines > 20 ? @lines[ -20 .. -1 ] : @lines);
}

# run(COMMAND...): its output; dies when it fails
sub run
{
	my (@command) = @_;
	my $out = work() . '/out';
	open my $pipe, '-|', as_postgres('sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @command) or die "@command: $!\n";
	local $/;
	my $output = <$pipe> // '';
	close $pipe or die "test/bench/run: @command:\n$output";
	return $output;
}

sub connection
{
	my ($self, $user) = @_;
	return ('-h', work(), '-p', $self->{port}, '-U', $user);
}

# dsn(USER): for libpq
sub dsn
{
	my ($self, $user) = @_;
	return 'host=' . work() . " port=$self->{port} dbname=postgres user=$user";
}

# sql(USER, SQL...): what psql prints, each SQL in a statement of its own
sub sql
{
	my ($self, $user, @sql) = @_;
	my $output = run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $self->connection($user), '-d', 'postgres', map { ('-c', $_) } @sql);
	chomp $output;
	return $output;
}

# file(NAME, VARIABLE => VALUE...): runs test/bench/sql/NAME as postgres
sub file
{
	my ($self, $name, %variables) = @_;
	my $copy = $self->text("test/bench/sql/$name");
	run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $self->connection('postgres'), '-d', 'postgres', '-o', '/dev/null',
		(map { ('-v', "$_=$variables{$_}") } keys %variables), '-f', $copy);
}

# text(FILE) copies it to where the servers' user can read it.
sub text
{
	my ($self, $file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	return $self->script(<$in>);
}

# script(TEXT): a file that holds it
sub script
{
	my ($self, $text) = @_;
	my $path = work() . "/$self->{name}." . $self->{scripts}++ . '.sql';
	open my $out, '>', $path or die "$path: $!\n";
	print $out "$text\n";
	close $out;
	chmod 0644, $path;
	return $path;
}

# pgbench(user => ..., script => TEXT, clients => n, options => [...]): its output
sub pgbench
{
	my ($self, %given) = @_;
	my $clients = $given{clients} // 1;
	return run('pgbench', '-n', '-M', $given{protocol} // 'prepared', '-c', $clients, '-j', $clients < 2 ? 1 : 2,
		'-f', $self->{of}{ $given{script} } //= $self->script($given{script}),
		$self->connection($given{user}), @{ $given{options} // [ '-T', seconds() ] }, 'postgres');
}

# rate(...): likewise; transactions a second, and how many there were
sub rate
{
	my ($self, %given) = @_;
	my $output = $self->pgbench(%given);
	die "test/bench/run: pgbench failed:\n$output" if $output !~ /^tps = ([\d.]+)/m || !$1;
	my $rate = $1;
	return wantarray ? ($rate, $output =~ /^number of transactions actually processed: (\d+)/m) : $rate;
}

# milliseconds(...): likewise; the mean time of a transaction
sub milliseconds
{
	my ($self, %given) = @_;
	my $output = $self->pgbench(%given);
	die "test/bench/run: pgbench failed:\n$output" if $output !~ /^latency average = ([\d.]+)/m;
	return $1;
}

# timed(USER, SQL...): milliseconds of each, in one session that throws the rows away
sub timed
{
	my ($self, $user, @sql) = @_;
	my $output = run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $self->connection($user), '-d', 'postgres', '-o', '/dev/null',
		'-c', '\timing on', map { ('-c', $_) } @sql);
	return $output =~ /^Time: ([\d.]+) ms/mg;
}

# cpu(): seconds that its processes have used, those that have ended included, and those of
# them that are the recorder's.  It waits for sessions that are about to end: what a process
# used counts once it has been reaped.
sub cpu
{
	my ($self) = @_;
	open my $file, '<', "$self->{data}/postmaster.pid" or die "$self->{data}/postmaster.pid: $!\n";
	chomp(my $postmaster = <$file>);
	my $before = '';
	for (;;)
	{
		my ($ticks, $recorder, $ending, $there) = (0, 0, 0, '');
		foreach my $folder (glob('/proc/[0-9]*'))
		{
			open my $in, '<', "$folder/stat" or next;
			my ($pid, $rest) = (<$in> // '') =~ /^(\d+) \(.*\) (.*)/ or next;
			my ($state, $parent, @fields) = split ' ', $rest;
			next if $pid != $postmaster && $parent != $postmaster;
			$ticks += $fields[9] + $fields[10];
			if ($pid == $postmaster)
			{
				$ticks += $fields[11] + $fields[12];
				next;
			}
			open my $title, '<', "$folder/cmdline" or next;
			my $name = <$title> // '';
			$recorder += $fields[9] + $fields[10] if $name =~ /contact_guard recorder/;
			$there .= " $pid";
			$ending++ if $state eq 'Z' || $name eq '' || $name =~ / \[local\] /;
		}
		my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());
		return wantarray ? ($ticks / $tick, $recorder / $tick) : $ticks / $tick if !$ending && $there eq $before;
		# Twice the same processes: one that was reaped meanwhile may have been in neither sum.
		$before = $there;
		sleep 0.02;
	}
}

# spend(NAME, COUNT, CODE): runs CODE until the recorder has done, too, and notes the CPU
# time that one of COUNT things took: of all processes together, of the recorder, and of the
# others; COUNT may be code that says it afterwards
sub spend
{
	my ($self, $name, $count, $code) = @_;
	my ($before, $recorder_before) = $self->cpu;
	my @result = $code->();
	my $rest = $self->{guarded} ? $self->settle : 0;
	my ($after, $recorder_after) = $self->cpu;
	my $n = ref $count ? $count->() : $count;
	my $recorder = $recorder_after - $recorder_before;
	# One that has ended for lack of work counts among the others.
	$recorder = 0 if $recorder < 0;
	figure("$name/cpu", 'us CPU each', 1e6 * ($after - $before) / $n);
	figure("$name/cpu/recorder", 'us CPU each', 1e6 * $recorder / $n);
	figure("$name/cpu/readers", 'us CPU each', 1e6 * ($after - $before - $recorder) / $n);
	figure("$name/rest", 's more of recorder', $recorder ? $rest : 0);
	return wantarray ? @result : $result[0];
}

# settle(): waits until the recorder has done, and says how many seconds that took
sub settle
{
	my ($self) = @_;
	my $begin = time;
	$self->sql('postgres', 'SELECT contact_guard.sync()');
	return time - $begin;
}

1;
