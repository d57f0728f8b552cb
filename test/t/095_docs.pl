# The examples of README.md and docs/*.md run, and print what the text says.
#
# Tested are the ```sql blocks that follow a line "<!-- test -->".  They are pasted
# into one psql session as superuser postgres, one after the other, as a reader does
# it; all files use one database, in the order below.  A ```text
# block right behind one is its output: each of its paragraphs must be printed, in
# that order.  Results that nobody wants to read (of functions that return void) may
# be left out of it, errors not.  A ```sh block that follows "<!-- test sh -->" is
# run by a shell, and must succeed; what follows it is a new session.
#
# What differs from run to run is compared by its shape: times, intervals, WAL
# positions, session and query ids, pseudonyms; and the widths of columns.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Docs;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my @files = ('README.md', map { "docs/$_.md" } qw(policy crm audit evidence operations));
my @missing = grep { !-e "$top/$_" } @files;
BAIL_OUT("not in this copy of the tree: @missing") if @missing;

$ENV{PGUSER} = 'postgres';
my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init(allows_streaming => 1, extra => [ '-U', 'postgres' ]);
$node->append_conf('postgresql.conf', "timezone = 'Europe/Paris'\ndatestyle = 'iso'\nlc_messages = 'C'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE contact_demo');
my $dir = PostgreSQL::Test::Utils::tempdir;		# where commands of shells are run

# As nobody but the server's user
sub ordinary
{
	my ($code) = @_;
	$code =~ s/\bsudo install -d (?:-\w \w+ )*/mkdir -m 700 -p /g;
	$code =~ s/\bsudo (?:-u \w+ )?//g;
	$code =~ s/\/(?:etc|var\/lib|srv)\//$dir\//g;
	$code =~ s/\bhost=\S+\.example\.com\b/host=$ENV{PGHOST}/g;
	return $code;
}

@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'contact_demo');
run_examples($_, slurp_file("$top/$_"), $dir, \&ordinary) foreach @files;
$node->stop;
done_testing();
