# `make dist` packs what an ordinary user can build.  The Makefile of it does what is usual:
# it builds away from the sources without touching them, by clang without a warning if clang
# is there, installs into DESTDIR, takes away what it installed; and installcheck tests a
# server that is running, as the user who runs it.

use strict;
use warnings;

use Cwd;
use File::Find;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $tree = getcwd();
my $source = $tree;
my $build = PostgreSQL::Test::Utils::tempdir();
my $root = PostgreSQL::Test::Utils::tempdir();
# PostgreSQL's -dev package of Debian brings clang, by a name that has its version.
my ($clang) = grep { !system("command -v $_ >/dev/null 2>&1") } 'clang', map { "clang-$_" } reverse 14 .. 22;
# -O0 is as good for this, and sooner done.  Debian's CPPFLAGS make headers warn of it.
my @settings = ('PG_CONFIG=pg_config', 'COPT=-O0 -g0 -Wno-cpp', $clang ? "CC=$clang" : ());

# make installcheck hands its own settings on.
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES REGRESS ISOLATION PROVE_TESTS PROVE_FLAGS)};

# make_there(TARGET OR SETTING...): exit status and all that is printed
sub make_there
{
	my ($out, $in) = ('', '');
	IPC::Run::run([ 'make', '-s', '-C', $build, '-f', "$source/Makefile", @settings, @_ ], '<', \$in, '>&', \$out);
	return ($? >> 8, $out);
}

# Packs a copy of this tree, which has no repository, and unpacks it.  Returns where.
sub make_dist
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $name = 'contact_guard-' . JSON::PP->new->utf8->decode(slurp_file('META.json'))->{version};
	# run(COMMAND): a test of a shell's command, in that folder
	my $run = sub {
		my ($command, $title) = @_;
		my $out = '';
		ok(IPC::Run::run([ 'sh', '-ec', "cd $dir\n$command" ], '>&', \$out), $title) or diag($out);
	};
	$run->("cp -r $tree tree; cd tree; rm -rf .git tmp_check results; git init -q .; git add .
		git -c user.name=a -c user.email=a\@b commit -qm all; git clean -qfdX
		make -s dist DIST_DIR=$dir", 'make dist');
	$run->("tar -xzf $name.tar.gz && mkdir zip && python3 -m zipfile -e $name.zip zip && diff -r $name zip/$name", '... packs the same as .tar.gz and .zip');
	$run->("diff -r --exclude=.git tree $name", '... all of the sources');
	return "$dir/$name";
}

# Paths of all files, with what changes when one is written
sub files_of
{
	my ($folder, $with_times) = @_;
	my @files;
	find(sub {
		push @files, substr($File::Find::name, length $folder) . ($with_times ? ' ' . (stat)[9] . ' ' . -s : '') if -f;
	}, $folder);
	return join "\n", sort @files;
}

# Without git that is this tree, of which other tests that run at the same time use the rest.
sub sources
{
	return join "\n", (map { files_of("$source/$_", 1) } qw(src extension sql expected)), grep { !/tmp_check/ } glob "$source/*";
}

SKIP:
{
	skip 'git is not there', 3 if system 'git --version >/dev/null 2>&1';
	$source = make_dist();
}
my $before = sources();
my ($status, $out) = make_there('-j2', 'all');
is($status, 0, 'builds away from the sources' . ($clang ? ', by clang' : ''));
is($out, '', '... without a warning');
($status, $out) = make_there('install', "DESTDIR=$root");
is($status, 0, 'installs from there') or diag($out);
my $installed = files_of($root);
my ($control) = slurp_file('extension/contact_guard.control') =~ /^default_version = '(.*)'/m;
foreach my $file ('/contact_guard\.so', '/contact_guard\.control', "/contact_guard--\Q$control\E\\.sql", '/bin/contact-guard', '/man1/contact-guard\.1')
{
	like($installed, qr/$file$/m, "... $file");
}
my ($version) = run_command([ (map { "$root$_" } grep { m{/bin/contact-guard$} } split /\n/, $installed)[0], '--version' ]);
like($version, qr/\b\Q$control\E\b/, '... a client of this version');
make_there('uninstall', "DESTDIR=$root");
is(files_of($root), '', 'uninstall takes away all of it');
is(sources(), $before, 'nothing was written among the sources');

# What is run, by what is asked for
sub suites_of
{
	my (undef, $printed) = make_there('-n', 'installcheck', @_);
	return join ' ', $printed =~ /(pg_regress|pg_isolation_regress|prove) .*?(masks|close|010_preload)\b/g;
}
is(suites_of('REGRESS=masks'), 'pg_regress masks', 'installcheck honours REGRESS');
is(suites_of('ISOLATION=close'), 'pg_isolation_regress close', '... ISOLATION');
is(suites_of('PROVE_TESTS=test/t/010_preload.pl'), 'prove 010_preload', '... PROVE_TESTS');
is(suites_of('PROVE_TESTS='), 'pg_regress masks pg_isolation_regress close', '... and runs the others if it is to leave one out');

my $node = PostgreSQL::Test::Cluster->new('installcheck');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
($status, $out) = make_there('installcheck', 'REGRESS=masks');
isnt($status, 0, 'installcheck of a server without the library fails');
like($out, qr/has not preloaded the library.*shared_preload_libraries = 'contact_guard'/s, '... and says what it needs');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
($status, $out) = make_there('installcheck', 'REGRESS=masks', 'ISOLATION=close');
is($status, 0, 'installcheck of a server that has it') or diag($out);
like($out, qr/^(?:test masks +\.\.\. ok|ok 1 +- masks)\b.*^(?:test close +\.\.\. ok|ok 1 +- close)\b/ms, '... runs the tests in it');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database WHERE datname IN ('contrib_regression', 'isolation_regression'))), 2, '... in databases of the usual names');
is(sources(), $before, '... and writes nothing among the sources');
$node->stop;

make_there('clean');
is(files_of($build), '', 'clean leaves nothing');
done_testing();
