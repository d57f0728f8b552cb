# Runs test/pgtap/*.sql, each in a database of its own that has the extension
# pgtap, and passes every assertion on.  PGTAP_FILES: the names of some of them.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our $TODO;

my @names = split ' ', $ENV{PGTAP_FILES} // '';
@names = map { basename($_, '.sql') } sort glob 'test/pgtap/*.sql' if !@names;

my $node = PostgreSQL::Test::Cluster->new('pgtap');
$node->init(allows_streaming => 1);
$node->start;

foreach my $name (@names)
{
	$node->safe_psql('postgres', qq(CREATE DATABASE "$name"));
	$node->safe_psql($name, 'CREATE EXTENSION pgtap');
	my ($status, $out, $err) = $node->psql(
		$name, slurp_file("test/pgtap/$name.sql"),
		timeout => $PostgreSQL::Test::Utils::timeout_default,
		timed_out => \my $timed_out);

	my ($plan, $seen) = ('no plan', 0);
	foreach my $line (split /\n/, $out)
	{
		if ($line =~ /^(not )?ok \d+(?: - )?(.*)/)
		{
			my ($ok, $what) = (!$1, $2);
			local $TODO = $what =~ s/\s*# TODO\b\s*(.*)//i ? $1 || 'to do' : undef;
			$seen++;
			ok($ok, "$name: $what");
		}
		elsif ($line =~ /^1\.\.(\d+)/)
		{
			$plan = $1;
		}
		elsif ($line =~ /^#/)
		{
			diag($line);
		}
	}
	$status = 'timed out' if $timed_out;
	ok($status eq '0' && $plan eq $seen, "$name: ran to its end")
	  or diag("psql: $status, plan: $plan, seen: $seen\n$err");
}

$node->stop;
done_testing();
