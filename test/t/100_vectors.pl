# The pure part against vectors: trees, proofs, notes and leaves.  The driver,
# test/vectors/driver.c, is compiled from the sources, without PostgreSQL; leaves
# are also recomputed in Python, without our C.
use strict;
use warnings;
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;

my $vectors = dirname(__FILE__) . '/../vectors';
my $source = dirname(__FILE__) . '/../../src';
my $driver = PostgreSQL::Test::Utils::tempdir() . '/driver';
my @pure = glob("$source/common/*.c");

sub build
{
	my ($output, @flags) = @_;
	system_or_bail('cc', '-O2', '-Wall', '-Wextra', '-Werror', @flags, "-I$vectors", "-I$source", '-o', $output,
		glob("$vectors/driver*.c"), @pure, '-lcrypto');
	return;
}

build($driver);
foreach my $run (['merkle', 'merkle.txt'], ['note', 'note.txt'], ['note', 'note-bad.txt'], ['leaf', 'leaf.txt'], ['jws', 'jws.txt'])
{
	my ($kind, $file) = @$run;

	command_like([ $driver, $kind, "$vectors/$file" ], qr/^[1-9]\d* checks, 0 failed$/m, $file);
}
# A build that knows a second version of leaves makes those of the first one as before.
build("$driver.next", '-DCG_TEST_LEAF_VERSION');
command_like([ "$driver.next", 'leaf', "$vectors/leaf-next.txt" ], qr/^[1-9]\d* checks, 0 failed$/m, 'leaves of two versions');
command_like([ $driver, 'speed' ], qr/^\d{7,} leaf hashes.*, 0 failed$/s,
	'a million leaf hashes a second, proofs from at most 8 tiles');

my @written = map { slurp_file($_) } @pure;
is(scalar(grep { /include "postgres/ } @written), 0, 'nothing of PostgreSQL in it');

SKIP:
{
	skip 'no Python', 1 if system('python3 --version >/dev/null 2>&1') != 0;
	command_like([ 'python3', "$vectors/leaf.py", "$vectors/leaf.txt" ], qr/^\d\d+ rows, 0 wrong$/,
		'the leaves in Python');
	command_like([ 'python3', "$vectors/leaf.py", "$vectors/leaf-next.txt" ], qr/^5 rows, 0 wrong$/, '... of two versions');
}
done_testing();
