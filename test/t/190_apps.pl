# A small part of make apps: drivers and a framework, from their own packages, each with the program
# that make apps runs.  test/setup installs the packages; one that is not there is said and left out.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../apps";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Verdict qw(header verdict);

my $apps = "$FindBin::RealBin/../apps";
my $folder = PostgreSQL::Test::Utils::tempdir();
my $node = guard_node('apps', 'autovacuum = off');

# Is the package there, and is it the one that make apps knows?
sub missing
{
	my ($tool, %header) = @_;
	foreach my $package (split ' ', $header{Packages})
	{
		my ($status) = run_command([ 'dpkg-query', '-W', '-f', '${db:Status-Status}', $package ]);
		return "$package is not installed: test/setup installs it" if $status ne 'installed';
	}
	my ($version) = run_command([ 'sh', '-c', $header{Version} ]);
	return "make apps runs Django 3.2, and not $version" if $tool eq 'django.py' && $version !~ /^3\./;
	return;
}

foreach my $tool (qw(asyncpg.py dbd_pg.pl django.py psycopg3.py))
{
	my %header = header("$apps/tools/$tool");
	my ($name) = split /\./, $tool;
	SKIP:
	{
		my $missing = missing($tool, %header);
		skip "$header{Tool}: $missing", 2 if $missing;
		$node->safe_psql('postgres', "CREATE DATABASE app_$name");
		$node->safe_psql("app_$name", slurp_file("$apps/crm.sql"));
		local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD PGCLIENTENCODING)} = ($node->host, $node->port, "app_$name", 'pool', 'pool', 'UTF8');
		is(system("cd '$apps' && { $header{Command}; } >'$folder/$name.out' 2>'$folder/$name.err' </dev/null"), 0, "$header{Tool} runs")
		  or diag(slurp_file("$folder/$name.err"));
		delete @ENV{qw(PGDATABASE PGUSER PGPASSWORD)};
		my ($steps, $wrong) = verdict("$apps/expected", "$folder/$name.out", sub { return split /\n/, $node->safe_psql("app_$name", $_[0]) });
		is_deeply([ @$steps ? @$wrong : 'it did nothing' ], [], "$header{Tool}: @$steps");
	}
}
$node->stop;
done_testing();
