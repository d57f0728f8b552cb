# What contact-guard verify reports besides findings, and the answers that it gives itself:
# against a server whose answers are this test's choice.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Mock;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = Mock->new('answers', 'example.com/log');
my ($dsn, @vkey) = ($mock->dsn, '--vkey', $mock->vkey);
my ($status, $said);

sub guard { ($status, $said) = guard_says(@_); return $status }

# What is signed, and how old it is
$mock->publish(0, 9);
is(guard('verify', $dsn, @vkey), 0, 'a good log') or diag($said);
like($said, qr/^the newest signed row is of 2026-01-02 03:04:14 UTC, \d+ s ago$/m, '... says how old its newest row is');
like($said, qr/^the longest silence: 1 s, until 2026-01-02 03:04:06 UTC, seq 1$/m, '... how long it was silent');
unlike($said, qr/not signed yet|without contact_guard/, '... and nothing of what is not so');
$mock->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, count) VALUES (10, 'shown', '2026-01-02 03:05:00+00', 1), (11, 'shown', '2026-01-02 03:04:50+00', 1)");
is(guard('verify', $dsn, @vkey), 0, 'rows that are not signed yet') or diag($said);
like($said, qr/^2 later rows are not signed yet, and are not proved; the oldest is of 2026-01-02 03:04:50 UTC$/m, '... are told of');
$mock->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, closed_at, count) VALUES
	(12, 'start', '2026-01-02 05:00:00.5+00', '2026-01-02 04:00:00+00', 2), (13, 'start', '2026-01-02 04:30:00+00', NULL, 1), (14, 'start', '2026-01-02 06:00:00+00', NULL, 0)");
$mock->publish();
is(guard('verify', $dsn, @vkey), 0, 'a server that ran without the library') or diag($said);
like($said, qr/^the server ran 3 times without contact_guard.* the last of them seq 13\n  seq 12: 2 times, between 2026-01-02 04:00:00 UTC and 2026-01-02 05:00:00 UTC\n  seq 13: 1 time, before 2026-01-02 04:30:00 UTC\n/m, '... is told of, and when');
like($said, qr/^the longest silence: 6900 s, until 2026-01-02 05:00:00 UTC, seq 12$/m, '... the silence is from the latest time before');
$mock->{node}->stop;
done_testing();
