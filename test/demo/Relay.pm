# The gateway of examples/relay, with sipp as the telephones of a technician and of a customer.
package Relay;

use strict;
use warnings;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

my ($gateway, $technician, $customer) = (25060, 25071, 25072);
my %program = (kamailio => '/usr/sbin/kamailio', sipp => '/usr/bin/sipp');

# What is not installed here, as a list of names.
sub missing
{
	return ((grep { !-x $program{$_} } sort keys %program),
		glob('/usr/lib/*/kamailio/modules/db_postgres.so') ? () : 'kamailio-postgres-modules');
}

sub new
{
	my ($class, $dir) = @_;
	my $self = bless { dir => $dir, pids => [] }, $class;
	$self->{gateway} = $self->spawn('kamailio', $program{kamailio}, '-f', "$dir/kamailio.cfg", qw(-DD -E -m 64 -M 8), '-P', "$dir/kamailio.pid",
		'-A', "LISTEN=udp:127.0.0.1:$gateway", '-A', qq(TRUNK="127.0.0.12:$customer"), '-A', 'TRUNK_IP="127.0.0.12"',
		'-A', 'PRESENT="+33162000001"', '-A', qq(FIFO="$dir/relay.fifo"));
	$self->wait_for($gateway);
	return $self;
}

sub spawn
{
	my ($self, $name, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		$ENV{PGUSER} = 'gateway';
		chdir $self->{dir};
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$self->{dir}/$name.log";
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(127);
	}
	push @{ $self->{pids} }, $pid;
	return $pid;
}

# Until somebody listens at a UDP port.
sub wait_for
{
	my ($self, $port) = @_;
	my $hex = sprintf ':%04X', $port;
	for (1 .. 200)
	{
		open my $fh, '<', '/proc/net/udp' or die "/proc/net/udp: $!";
		return if grep { /$hex / } <$fh>;
		die "the gateway does not start: see kamailio.log\n" if $self->{gateway} && waitpid($self->{gateway}, WNOHANG) != 0;
		sleep 0.05;
	}
	die "nobody listens at port $port\n";
}

# A telephone rings at the customer's.
sub customer
{
	my ($self, $scenario) = @_;
	$self->{customer} = "$self->{dir}/customer.msg";
	my $pid = $self->spawn('customer', $program{sipp}, '-sf', "$self->{dir}/sipp/$scenario.xml", '-i', '127.0.0.12', '-p', $customer,
		qw(-m 1 -nostdin -trace_msg -d 0 -timeout 40 -message_file), $self->{customer});
	$self->wait_for($customer);
	return $pid;
}

# The technician's telephone dials; the file has what it sends and receives.
sub technician
{
	my ($self, $scenario, $token) = @_;
	$self->{technician} = "$self->{dir}/technician-" . ++$self->{count} . '.msg';
	return $self->spawn('technician', $program{sipp}, "127.0.0.1:$gateway", '-sf', "$self->{dir}/sipp/$scenario.xml", '-i', '127.0.0.11', '-p', $technician,
		qw(-m 1 -nostdin -trace_msg -timeout 40 -au anna -ap secret -key token), $token, '-message_file', $self->{technician});
}

# The messages that a side has received until now.
sub received
{
	my ($self, $side) = @_;
	open my $fh, '<', $self->{$side} or return '';
	local $/;
	my (undef, @parts) = split /^-{40,} .*\n/m, <$fh>;
	return join '', grep { /\A[^\n]* received / } @parts;
}

# Until a side has received such a message; false after so many seconds.
sub until_received
{
	my ($self, $side, $message, $seconds) = @_;
	for (my $end = time + $seconds; time < $end; sleep 0.02)
	{
		return 1 if $self->received($side) =~ /^$message/m;
	}
	return 0;
}

sub stop
{
	my ($self) = @_;
	my @pids = splice @{ $self->{pids} };
	kill 'TERM', @pids;
	for my $pid (@pids)
	{
		for (1 .. 100) { last if waitpid($pid, WNOHANG) != 0; sleep 0.05 }
		kill 'KILL', $pid;
	}
}

1;
