# A private server and sessions on it: what story.pl stands on.
package Server;

use strict;
use warnings;
use POSIX qw(setsid WNOHANG);
use Time::HiRes qw(sleep time);

# The server lives in DIR (which only we can enter: any local role may log in) and listens on a socket there.
sub new
{
	my ($class, $dir, $bindir) = @_;
	delete @ENV{ grep { /^PG/ } keys %ENV };
	@ENV{qw(PGHOST PGPORT PGDATABASE PGCLIENTENCODING PGOPTIONS)} = ($dir, 5432, 'crm', 'UTF8', '-c timezone=Europe/Paris');
	return bless { dir => $dir, data => "$dir/data", bin => $bindir, log => "$dir/server.log" }, $class;
}

sub init
{
	my ($self, %conf) = @_;
	$self->tool('initdb', '-D', $self->{data}, qw(-U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync));
	open my $fh, '>>', "$self->{data}/postgresql.conf" or die $!;
	print $fh "$_ = '$conf{$_}'\n" for sort keys %conf;
	close $fh or die $!;
}

# Our own child, in a session of its own: we can reap it after a kill -9, and Ctrl-C reaches us alone.
# OPTIONS: further ones of postgres.
sub start
{
	my ($self, @options) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		setsid();
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->{log};
		open STDERR, '>&', \*STDOUT;
		exec "$self->{bin}/postgres", '-D', $self->{data}, @options or POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	for (1 .. 600)
	{
		return if system("$self->{bin}/pg_isready -q -t 1 -d postgres") == 0;
		if (waitpid($pid, WNOHANG) != 0)
		{
			delete $self->{pid};
			die "the server does not start:\n" . $self->log_tail;
		}
		sleep 0.1;
	}
	die "the server is not ready after a minute:\n" . $self->log_tail;
}

# Postmaster and backends at one blow: nobody is started any more, nobody gets to write another byte.
sub kill9
{
	my ($self) = @_;
	kill 'STOP', $self->{pid};
	my @all = (children($self->{pid}), $self->{pid});
	kill 'KILL', @all;
	waitpid delete $self->{pid}, 0;
	for my $pid (@all) { sleep 0.01 while alive($pid) }
	return scalar @all;
}

sub children
{
	my ($parent) = @_;
	return grep { (stat_of($_))[1] == $parent } map { m{(\d+)} ? $1 : () } glob '/proc/[0-9]*';
}

# Ends whatever this program has started, wherever it was interrupted.
sub end_all
{
	my ($self) = @_;
	$self->stop('QUIT', 5);
	my @mine = children($$);
	kill 'TERM', @mine;
	waitpid $_, 0 for @mine;
}

# state and parent of a process
sub stat_of
{
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/stat" or return ('gone', 0);
	return (<$fh> // '') =~ /\) (\S) (\d+)/ ? ($1, $2) : ('gone', 0);
}

sub alive { my ($state) = stat_of(shift); return $state !~ /gone|Z|X/ }

# Stops it by SIGNAL; returns whether it went by itself within SECONDS.
sub stop
{
	my ($self, $signal, $seconds) = @_;
	my $pid = $self->{pid} // return 1;
	kill $signal, $pid;
	for (1 .. $seconds * 20)
	{
		if (waitpid($pid, WNOHANG) != 0)
		{
			delete $self->{pid};
			return 1;
		}
		sleep 0.05;
	}
	$self->kill9;
	return 0;
}

sub log_tail
{
	my ($self) = @_;
	open my $fh, '<:encoding(UTF-8)', $self->{log} or return '';
	my @lines = <$fh>;
	return join '', @lines > 20 ? @lines[ -20 .. -1 ] : @lines;
}

# Runs one of PostgreSQL's programs; returns its output, dies with it if it fails.
sub tool
{
	my ($self, $program, @args) = @_;
	my $out = '';
	IPC::Run::run([ "$self->{bin}/$program", @args ], '<', \undef, '>&', \$out, IPC::Run::timeout(120))
	  or die "$program failed:\n$out";
	utf8::decode($out);
	return $out;
}

# A login that stays open: psql at the end of two pipes.
package Session;

use IPC::Run;

sub new
{
	my ($class, $server, $user) = @_;
	my $self = bless { user => $user, in => '', out => '', err => '', seen => '' }, $class;
	$self->{run} = IPC::Run::start(
		[ "$server->{bin}/psql", qw(-X -A -t -q -F), ' | ', '-P', 'null=(null)', '-d', "dbname=crm user=$user application_name=demo" ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer} = IPC::Run::timer(60));
	return $self;
}

# Runs one statement. Returns rows, the same as text, SQLSTATE ("gone": connection lost) and the server's message.
sub do
{
	my ($self, $sql) = @_;
	my $mark = '--end-' . ++$self->{count};
	$self->{out} = $self->{err} = '';
	$self->{timer}->start(60);
	my $line = "$sql;\n\\echo $mark :SQLSTATE\n";
	utf8::encode($line);
	$self->{in} .= $line;
	my $done = eval {
		until ($self->{out} =~ /^$mark .*\n/m)
		{
			die "$self->{user}: no answer within a minute to: $sql\n" if $self->{timer}->is_expired;
			$self->{run}->pumpable or last;
			$self->{run}->pump;
		}
		1;
	};
	die $@ if !$done && $@ =~ /no answer/;

	my ($out, $err) = ($self->{out}, $self->{err});
	utf8::decode($_) for $out, $err;
	my $state = $out =~ s/^$mark (.*)\n//m && $1 ? $1 : 'gone';	# no SQLSTATE: psql has lost its server
	$self->{seen} .= $out . $err;
	my @rows = map { [ split / \| /, $_, -1 ] } $out =~ /(.*)\n/g;
	my ($message) = $err =~ /(?:ERROR|FATAL):\s+(.*)/ ? $1 : $err =~ /(.*)/;
	chomp $out;
	return { rows => \@rows, text => $out, state => $state, message => $message };
}

sub DESTROY { my ($self) = @_; eval { $self->{run}->kill_kill(grace => 1) } if $self->{run} }

1;
