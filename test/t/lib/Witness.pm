# A witness that is pushed to (c2sp.org/tlog-witness): a second implementation of the protocol,
# in Perl and openssl, of nothing that contact-guard is made of.
package Witness;

use strict;
use warnings;

use Digest::SHA qw(sha256);
use Errno;
use IO::Socket::INET;
use MIME::Base64;
use POSIX ();
use PostgreSQL::Test::Utils;

use Mock;
use Mutator;

# Witness->new(KEY FILE, VKEY OF LOG...): listens at once.  What it does comes from $folder/mode,
# and what it knows of each origin is in a file beside it.
sub new
{
	my ($class, $key, @logs) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16, ReuseAddr => 1) or die "no socket: $!";
	my $self = bless { key => $key, folder => PostgreSQL::Test::Utils::tempdir(), listen => $listen, port => $listen->sockport }, $class;
	foreach my $vkey (@logs)
	{
		my ($name, $id, $base64) = split /\+/, $vkey, 3;
		push @{ $self->{logs} }, { name => $name, id => pack('H8', $id), public => substr(decode_base64($base64), 1) };
	}
	$self->mode('');
	$self->{pid} = fork() // die "fork: $!";
	return $self if $self->{pid} != 0;
	# Whatever becomes of the test, it must not stay, and must not end what the test has started.
	alarm 3600;
	eval { $self->serve };
	warn "witness: $@" if $@;
	return POSIX::_exit(1);
}

sub url { my ($self) = @_; return "http://127.0.0.1:$self->{port}" }
sub mode { my ($self, $mode) = @_; return write_to("$self->{folder}/mode", $mode) }
sub asked { my ($self) = @_; return -e "$self->{folder}/asked" ? slurp_file("$self->{folder}/asked") : '' }
sub forget { my ($self) = @_; return unlink "$self->{folder}/asked" }
sub stop { my ($self) = @_; kill 'KILL', $self->{pid}; return waitpid $self->{pid}, 0 }

# One process for each request, so that one that hangs does not keep the others waiting
sub serve
{
	my ($self) = @_;
	while (1)
	{
		my $socket = $self->{listen}->accept;
		# The end of a child interrupts: IPC::Run of Debian testing leaves a handler of SIGCHLD.
		next if !$socket && $!{EINTR};
		die "accept: $!" if !$socket;
		1 while waitpid(-1, POSIX::WNOHANG()) > 0;
		my $pid = fork() // die "fork: $!";
		next if $pid != 0;
		alarm 60;
		local $SIG{PIPE} = 'IGNORE';
		eval { $self->handle($socket) };
		warn "witness: $@" if $@;
		POSIX::_exit(0);
	}
	return;
}

sub handle
{
	my ($self, $socket) = @_;
	my $request = '';
	1 while $request !~ /\r\n\r\n/ && sysread $socket, $request, 65536, length $request;
	my ($head, $body) = split /\r\n\r\n/, $request, 2;
	my ($length) = $head =~ /^Content-Length: (\d+)/mi;
	syswrite $socket, "HTTP/1.1 100 Continue\r\n\r\n" if $head =~ /^Expect:/mi;
	1 while length $body < $length && sysread $socket, $body, 65536, length $body;
	my ($line) = $head =~ /\A(.*)\r\n/;
	open my $fh, '>>:raw', "$self->{folder}/asked" or die $!;
	print $fh "$line\n$body";
	close $fh;
	return $self->send_raw($socket, $self->answer($line, $body));
}

sub send_raw
{
	my ($self, $socket, $status, $type, $answer) = @_;
	my $mode = slurp_file("$self->{folder}/mode");
	sleep 600 if $mode eq 'hang';
	return syswrite $socket, $mode =~ s/^raw //r if $mode =~ /^raw /;
	if ($mode eq 'endless')
	{
		syswrite $socket, "HTTP/1.1 200 OK\r\n\r\n";
		1 while syswrite $socket, 'x' x 65536;
		return;
	}
	if ($mode =~ /^spoil (\d+)/)
	{
		srand $1;
		$answer = spoil($answer);
		return syswrite $socket, spoil("HTTP/1.1 $status X\r\nContent-Type: $type\r\n\r\n") . $answer if rand() < 0.5;
	}
	return syswrite $socket, "HTTP/1.1 $status X\r\nContent-Type: $type\r\nContent-Length: " . length($answer) . "\r\n\r\n$answer";
}

# What the specification wants, step by step
sub answer
{
	my ($self, $line, $body) = @_;
	my $mode = slurp_file("$self->{folder}/mode");
	return ($1, 'text/plain', $2) if $mode =~ /^status (\d+) (.*)/s;
	return (404, 'text/plain', "no such page\n") if $line ne 'POST /add-checkpoint HTTP/1.1';
	$body =~ /\Aold (0|[1-9]\d*)\n((?:\S{44}\n){0,63})\n((.*?)\n(0|[1-9]\d*)\n(\S{44})\n(?:.+\n)*)\n((?:\xE2\x80\x94 \S+ \S+\n)+)\z/s
	  or return (400, 'text/plain', "malformed\n");
	my ($old, $lines, $text, $origin, $size, $root, $signatures) = ($1, $2, $3, $4, $5, decode_base64($6), $7);
	my @logs = grep { $origin =~ m{^\Q$_->{name}\E(?:/|\z)} } @{ $self->{logs} };
	return (404, 'text/plain', "unknown origin\n") if !@logs;
	return (403, 'text/plain', "not signed\n") if !grep { signed($_, $text, $signatures) } @logs;
	return (400, 'text/plain', "old is more than the size\n") if $old > $size;
	my $file = "$self->{folder}/" . unpack('H*', $origin);
	my ($known, $known_root) = -e $file ? split(/ /, slurp_file($file)) : (0, '');
	$known += $1 if $mode =~ /^ahead (\d+)/;
	$known = scalar(() = $self->asked =~ /^POST/mg) if $mode eq 'another';
	return (409, 'text/x.tlog.size', "$known\n") if $known != $old;
	my @proof = map { decode_base64($_) } split /\n/, $lines;
	return (422, 'text/plain', "no proof\n") if !consistent($old, pack('H*', $known_root), $size, $root, @proof);
	write_to($file, "$size " . unpack('H*', $root));
	return (200, 'text/plain', $self->signatures($mode, $text));
}

sub signatures
{
	my ($self, $mode, $text) = @_;
	my $own = Mock::signature_line($self->{key}, $mode eq 'wrong' ? "$text " : $text, time);
	my $stranger = "\xE2\x80\x94 stranger.example " . encode_base64('abcd' . 'x' x 72, '') . "\n";
	return $mode eq 'stranger' ? $stranger : $mode eq 'rubbish' ? "rubbish\n" : $stranger . $own;
}

sub signed
{
	my ($log, $text, $signatures) = @_;
	my $work = PostgreSQL::Test::Utils::tempdir();
	write_to("$work/text", $text);
	write_to("$work/der", pack('H*', '302a300506032b6570032100') . $log->{public});
	while ($signatures =~ /^\xE2\x80\x94 \Q$log->{name}\E (\S+)$/mg)
	{
		my $bytes = decode_base64($1);
		next if substr($bytes, 0, 4) ne $log->{id};
		write_to("$work/signature", substr $bytes, 4);
		return 1 if system("openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey $work/der -in $work/text -sigfile $work/signature >/dev/null 2>&1") == 0;
	}
	return 0;
}

# Does the tree of size 2 continue that of size 1?  As RFC 6962 makes such a proof: from the
# top down, where the last hash of the proof is the outermost.
sub consistent
{
	my ($first, $first_root, $second, $second_root, @proof) = @_;
	return !@proof && ($second > 0 || $second_root eq sha256('')) if $first == 0;
	return !@proof && $first_root eq $second_root if $first == $second;
	my ($old, $new) = subtree($first, $second, 1, $first_root, \@proof);
	return defined $old && !@proof && $old eq $first_root && $new eq $second_root;
}

# The roots of the first m and of all n leaves here; whole: m is the whole old tree
sub subtree
{
	my ($m, $n, $whole, $root, $proof) = @_;
	if ($m == $n)
	{
		my $hash = $whole ? $root : pop @$proof;
		return ($hash, $hash);
	}
	my $k = 1;
	$k *= 2 while $k * 2 < $n;
	my $other = pop @$proof // return;
	if ($m <= $k)
	{
		my ($old, $new) = subtree($m, $k, $whole, $root, $proof);
		return defined $new ? ($old, sha256("\1$new$other")) : ();
	}
	my ($old, $new) = subtree($m - $k, $n - $k, 0, $root, $proof);
	return defined $new ? (sha256("\1$other$old"), sha256("\1$other$new")) : ();
}

1;
