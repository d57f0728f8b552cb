# A client that speaks the protocol itself, message by message.  It sees each message when
# it arrives, can send messages that libpq does not send, and reads only on demand.
package Wire;

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

# Wire->new($node, $dbname, $user, name => value...); the pairs are settings of the
# session.  Dies with the server's message if the server refuses.
sub new
{
	my ($class, $node, $dbname, $user, %settings) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port)
	  or die "cannot connect: $!\n";
	my $self = bless { socket => $socket, in => '', pid => 0, ended => 0 }, $class;
	my %all = (user => $user, database => $dbname, %settings);
	my $body = pack('N', 196608) . join('', map { "$_\0$all{$_}\0" } sort keys %all) . "\0";
	$self->put(pack('N', 4 + length $body) . $body);
	my @messages = $self->until_ready;
	my ($error) = errors(@messages);
	die "$error->{C}: $error->{M}\n" if $error;
	die "the connection ended\n" if $self->{ended};
	($self->{pid}) = map { unpack 'N', $_->[1] } grep { $_->[0] eq 'K' } @messages;
	return $self;
}

sub pid { return $_[0]{pid} }
sub ended { return $_[0]{ended} }

sub put
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes)
	{
		my $n = syswrite $self->{socket}, $bytes;
		return $self->{ended} = 1 if !defined $n;
		substr($bytes, 0, $n, '');
	}
	return;
}

# Makes one message of the protocol, for put().
sub message { my ($type, $body) = @_; return $type . pack('N', 4 + length $body) . $body }

sub simple { return message('Q', "$_[0]\0") }
sub parse { my ($name, $sql) = @_; return message('P', "$name\0$sql\0" . pack('n', 0)) }

sub bind_to
{
	my ($portal, $name, @values) = @_;
	return message('B', "$portal\0$name\0" . pack('nn', 0, scalar @values)
		  . join('', map { pack('N', length) . $_ } @values) . pack('n', 0));
}

sub execute { my ($portal, $rows) = @_; return message('E', "$portal\0" . pack('N', $rows // 0)) }
sub sync { return message('S', '') }
sub flush { return message('H', '') }

# Reads the next message as [ type, body ]; undef if none comes within so many seconds, or
# if the connection has ended.
sub next_message
{
	my ($self, $seconds) = @_;
	my $until = time + ($seconds // 60);
	while (1)
	{
		if (length $self->{in} >= 5)
		{
			my $length = unpack 'x N', $self->{in};
			if (length $self->{in} > $length)
			{
				my $message = substr $self->{in}, 0, $length + 1, '';
				return [ substr($message, 0, 1), substr($message, 5) ];
			}
		}
		return if !$self->take($until - time);
	}
}

# Reads more bytes; false if none come.
sub take
{
	my ($self, $seconds) = @_;
	return 0 if $self->{ended};
	return 0 if !IO::Select->new($self->{socket})->can_read($seconds > 0 ? $seconds : 0);
	my $n = sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
	return 1 if $n;
	$self->{ended} = 1;
	return 0;
}

# Reads all messages up to the next ReadyForQuery, which is included, or up to the end.
sub until_ready
{
	my ($self, $seconds) = @_;
	my @messages;
	while (my $message = $self->next_message($seconds))
	{
		push @messages, $message;
		last if $message->[0] eq 'Z';
	}
	return @messages;
}

sub query
{
	my ($self, $sql, $seconds) = @_;
	$self->put(simple($sql));
	return $self->until_ready($seconds);
}

sub close { my ($self) = @_; $self->{ended} = 1; close $self->{socket}; return }
sub quit { my ($self) = @_; $self->put(message('X', '')); $self->close; return }

# Parses messages: a string of their types, DataRows as rows of columns, and errors.
sub types { return join '', map { $_->[0] } @_ }

sub rows
{
	return map {
		my ($n, $body) = (unpack('n', $_->[1]), substr $_->[1], 2);
		[ map {
			my $length = unpack 'l>', substr $body, 0, 4, '';
			$length < 0 ? undef : substr $body, 0, $length, ''
		} 1 .. $n ]
	} grep { $_->[0] eq 'D' } @_;
}

sub fields { return map { my %f = map { /^(.)(.*)$/s ? ($1 => $2) : () } split /\0/, $_->[1]; \%f } @_ }
sub errors { return fields(grep { $_->[0] eq 'E' } @_) }
sub notices { return fields(grep { $_->[0] eq 'N' } @_) }
sub states { return join ' ', map { $_->{C} } errors(@_) }

1;
