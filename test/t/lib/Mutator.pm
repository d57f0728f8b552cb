# Stands between contact-guard and a server, and spoils some of the messages that the server
# sends.  What it does follows from a number, but for the order in which two connections get
# their messages.
package Mutator;

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use PostgreSQL::Test::Utils;

our @EXPORT = qw(spoil);

use constant EDGES => (0, 1, 2, 4, 255, 256, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE);

# spoil(BYTES): one change somewhere
sub spoil
{
	my ($bytes) = @_;
	my $length = length $bytes;
	my $at = int rand($length + 1);
	my $kind = int rand 7;
	my $width = 1 + int rand 16;
	return $bytes . chr(int rand 256) x $width if $length == 0 || $at == $length;
	substr($bytes, $at, 1) = chr(ord(substr $bytes, $at, 1) ^ (1 << int rand 8)) if $kind == 0;
	substr($bytes, $at, 1) = chr int rand 256 if $kind == 1;
	substr($bytes, $at, $width) = '' if $kind == 2;
	substr($bytes, $at, 0) = join '', map { chr int rand 256 } 1 .. $width if $kind == 3;
	substr($bytes, $at, 4) = pack 'N', (EDGES)[ rand EDGES ] if $kind == 4;
	substr($bytes, $at, 2) = pack 'n', (EDGES)[ rand EDGES ] & 0xFFFF if $kind == 5;
	substr($bytes, $at) = '' if $kind == 6;
	return $bytes;
}

# Mutator->new(NODE): a process that listens; its host and port are those of $self->dsn.
sub new
{
	my ($class, $node) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir_short();
	my $listen = IO::Socket::UNIX->new(Local => "$folder/.s.PGSQL.5432", Listen => 16) or die "no socket: $!";
	my $self = bless { folder => $folder, listen => $listen, server => $node->host . '/.s.PGSQL.' . $node->port }, $class;
	$self->plan(0, 0);
	$self->{pid} = fork() // die "fork: $!";
	return $self if $self->{pid} != 0;
	# Whatever becomes of the test, this process must not stay.
	alarm 3000;
	local $SIG{PIPE} = 'IGNORE';
	eval { $self->relay };
	warn "mutator: $@" if $@;
	return POSIX::_exit(1);
}

sub dsn { my ($self) = @_; return "host=$self->{folder} port=5432 dbname=postgres" }
sub stop { my ($self) = @_; kill 'KILL', $self->{pid}; return waitpid $self->{pid}, 0 }

# plan(SEED, MESSAGES): spoil up to three of so many messages from now on; 0: none.
sub plan
{
	my ($self, $seed, $messages) = @_;
	open my $fh, '>', "$self->{folder}/plan.new" or die $!;
	print $fh "$seed $messages\n";
	close $fh;
	return rename "$self->{folder}/plan.new", "$self->{folder}/plan";
}

# How many messages have come since the plan was made?
sub counted { my ($self) = @_; return (split / /, slurp_file("$self->{folder}/count"))[1] }

sub relay
{
	my ($self) = @_;
	my $select = IO::Select->new($self->{listen});
	my %link;		# socket => { to, server, in }
	my ($plan, %spoil, $count) = ('');
	while (my @ready = $select->can_read)
	{
		foreach my $socket (@ready)
		{
			if ($socket == $self->{listen})
			{
				my $client = $socket->accept or next;
				my $server = IO::Socket::UNIX->new(Peer => $self->{server}) or die "no server: $!";
				$link{$client} = { to => $server };
				$link{$server} = { to => $client, server => 1, in => '' };
				$select->add($client, $server);
				my $new = slurp_file("$self->{folder}/plan");
				next if $new eq $plan;
				$plan = $new;
				my ($seed, $messages) = split / /, $plan;
				srand $seed;
				%spoil = map { int(rand $messages) => 1 } 1 .. ($messages == 0 ? 0 : 1 + int rand 3);
				$count = 0;
				next;
			}
			my $link = $link{$socket} or next;
			my $bytes = '';
			if (!sysread $socket, $bytes, 65536)
			{
				$select->remove($socket, $link->{to});
				delete @link{ $socket, $link->{to} };
				close $_ foreach $socket, $link->{to};
				next;
			}
			if ($link->{server})
			{
				$link->{in} .= $bytes;
				$bytes = '';
				while (length $link->{in} >= 5 && length $link->{in} >= 1 + unpack 'xN', $link->{in})
				{
					my $message = substr $link->{in}, 0, 1 + unpack('xN', $link->{in}), '';
					$bytes .= $spoil{ $count++ } ? spoil_message($message) : $message;
				}
				open my $fh, '>', "$self->{folder}/count" or die $!;
				print $fh "messages $count\n";
				close $fh;
			}
			while (length $bytes)
			{
				my $n = syswrite $link->{to}, $bytes;
				last if !defined $n;
				substr($bytes, 0, $n, '');
			}
		}
	}
	return;
}

# Mostly the body, with its right length
sub spoil_message
{
	my ($message) = @_;
	my $kind = int rand 10;
	my $body = substr $message, 5;
	return spoil($message) if $kind == 0;
	return '' if $kind == 1;
	return $message . $message if $kind == 2;
	return substr($message, 0, 1) . pack('N', (EDGES)[ rand EDGES ]) . $body if $kind == 3;
	$body = spoil($body) foreach 1 .. 1 + int rand 3;
	return substr($message, 0, 1) . pack('N', 4 + length $body) . $body;
}

1;
