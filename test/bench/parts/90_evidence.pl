# Evidence: the tree in memory, and a log of BENCH_EVIDENCE_ROWS records (1000000), its
# tiles, its verification by contact-guard, and proofs.

package Bench::Part::evidence;

use strict;
use warnings;

use Bench;
use Bench::Cluster;
use Time::HiRes qw(time);

my $rows = option('EVIDENCE_ROWS', 1_000_000);

goal(name => 'evidence/append', text => 'leaves a second that are appended to a tree in memory',
	sense => 'at least', goal => 1_000_000, of => ['evidence/append']);
goal(name => 'evidence/verify', text => 'rows a second that contact-guard verifies',
	sense => 'at least', goal => 300_000, of => ['evidence/verify']);
goal(name => "evidence/$_", text => "ms of $_ out of $rows records", sense => 'at most', goal => 1, of => ["evidence/$_"])
  foreach qw(inclusion consistency);
goal(name => 'evidence/tiles', text => 'bytes of tiles a leaf', sense => 'at most', goal => 36, of => ['evidence/tiles']);

# A cluster with a signing key; its public half is kept
sub signed
{
	my $folder = work() . '/keys';
	Bench::Cluster::run('mkdir', '-p', '-m', 700, $folder);
	my $out = Bench::Cluster::run('contact-guard', 'keygen', '--origin', 'bench.example/log', '--out', "$folder/log");
	my ($key) = $out =~ /(bench\.example\/log\+\S+)/ or die "test/bench/run: contact-guard keygen said: $out\n";
	my $cluster = cluster('signed', Bench::Cluster::guarded(), "contact_guard.signing_key_file = '$folder/log'",
		'contact_guard.checkpoint_interval = 1');
	$cluster->file($_, customers => 200_000) foreach qw(crm.sql guard.sql);
	return ($cluster, $key);
}

sub append
{
	my $driver = work() . '/driver';
	system("gcc -O2 -D_GNU_SOURCE -Isrc -o $driver test/vectors/driver*.c src/common/*.c -lcrypto") == 0
	  or die "test/bench/run: test/vectors/driver*.c does not compile\n";
	foreach my $turn (1 .. option('TURNS', 3))
	{
		my ($rate) = qx($driver speed) =~ /^(\d+) leaf hashes/m or die "test/bench/run: $driver speed said nothing\n";
		figure('evidence/append', 'leaves a second', $rate);
	}
}

sub run
{
	my ($wanted) = @_;
	append() if $wanted->{'evidence/append'};
	return if !grep { !/append/ } keys %$wanted;

	my ($cluster, $key) = signed();
	my $size = 0;
	for (my $done = 0; $done < $rows; $done += 200_000)
	{
		my $last = $rows - $done < 200_000 ? $rows - $done : 200_000;
		$cluster->timed('dispatcher', "SELECT phone FROM crm.customer WHERE id <= $last");
	}
	$cluster->settle;
	for (my $waits = 0; $size < $rows && $waits < 60; $waits++)
	{
		sleep 1;
		$size = $cluster->sql('postgres', 'SELECT coalesce(last_checkpoint, 0) FROM contact_guard.status()');
	}
	die "test/bench/run: no checkpoint of $rows records\n" if $size < $rows;
	$cluster->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	figure('evidence/tiles', 'bytes a leaf', $cluster->sql('postgres',
		"SELECT (pg_total_relation_size('contact_guard.tile_full') + pg_total_relation_size('contact_guard.tile_edge'))::float / $size"));
	foreach my $turn (1 .. option('TURNS', 3))
	{
		my $begin = time;
		Bench::Cluster::run('contact-guard', 'verify', $cluster->dsn('verifier'), '--vkey', $key, '--to', $size - 1);
		figure('evidence/verify', 'rows a second', $size / (time - $begin));
	}
	turns('ms', [ 'evidence/inclusion', sub { $cluster->milliseconds(user => 'verifier',
		script => "\\set seq random(0, @{[ $size - 1 ]})\nSELECT contact_guard.inclusion_proof(:seq, $size);") } ],
		[ 'evidence/consistency', sub { $cluster->milliseconds(user => 'verifier',
		script => "\\set old random(1, $size)\nSELECT contact_guard.consistency_proof(:old, $size);") } ]);
	$cluster->stop;
}

return { name => 'evidence', run => \&run, variants => [ map { "evidence/$_" } qw(append tiles verify inclusion consistency) ] };
