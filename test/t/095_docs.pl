# The examples of README.md and docs/*.md run, and print what the text says.
#
# Tested are the ```sql blocks that follow a line "<!-- test -->": in the order
# of the files and of the blocks, all in one database, each in a psql session of
# its own as superuser postgres.  A ```text block right behind one is its output:
# each of its paragraphs must be printed, in that order.  Results that nobody
# wants to read (of functions that return void) may be left out of it, errors not.
#
# What differs from run to run is compared by its shape: times, intervals, WAL
# positions, session and query ids, pseudonyms; and the widths of columns.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @files = ('README.md', map { "docs/$_.md" } qw(policy audit));
my @missing = grep { !-e } @files;
BAIL_OUT("not in this copy of the tree: @missing") if @missing;

$ENV{PGUSER} = 'postgres';
my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init(allows_streaming => 1, extra => [ '-U', 'postgres' ]);
$node->append_conf('postgresql.conf', "timezone = 'Europe/Paris'\ndatestyle = 'iso'\nlc_messages = 'C'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');

foreach my $file (@files)
{
	my @blocks = blocks(slurp_file($file));

	ok(@blocks > 0, "$file: has examples");
	foreach my $block (@blocks)
	{
		my $out = run_block($block->{sql});
		my @paragraphs = grep { /\S/ } split /\n\s*\n/, $block->{text} // '';
		my $at = 0;
		my @lost = grep { !found($out, shape($_), \$at) } @paragraphs;
		my $text = shape($block->{text} // '');
		my @errors = grep { index($text, $_) < 0 } shape($out) =~ /^((?:ERROR|FATAL|PANIC): .*)/mg;

		ok(!@lost && !@errors, "$file:$block->{line}: $block->{title}")
		  or diag(join "\n", (map { "not printed:\n$_" } @lost), (map { "not in the text: $_" } @errors), "printed:\n$out");
	}
}
$node->stop;
done_testing();

# Blocks with the line they begin at, their first statement as a title, and their output.
sub blocks
{
	my ($content) = @_;
	my @blocks;
	while ($content =~ /^<!-- test -->\n+```sql\n(.*?)^```\n(?:\n*```text\n(.*?)^```$)?/msg)
	{
		my ($sql, $text) = ($1, $2);
		my $line = 1 + (substr($content, 0, $-[1]) =~ tr/\n//);
		my ($title) = $sql =~ /^(?!--|\\)(\S.{0,50})/m;
		push @blocks, { sql => $sql, text => $text, line => $line, title => $title };
	}
	return @blocks;
}

sub run_block
{
	my ($sql) = @_;
	my $out = '';
	my $psql = IPC::Run::start([ 'psql', qw(-X -q -d crm -f -), '-h', $node->host, '-p', $node->port ],
		'<', \$sql, '>&', \$out, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$psql->finish;
	$out =~ s/^psql:<stdin>:\d+: //mg;
	return $out;
}

# Is it printed, and not before what was found last?
sub found
{
	my ($out, $paragraph, $at) = @_;
	my $found = index(shape($out), $paragraph, $$at);
	return 0 if $found < 0;
	$$at = $found + length $paragraph;
	return 1;
}

sub shape
{
	my ($text) = @_;
	$text =~ s/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?(\+\d\d)?/TIME/g;
	$text =~ s/-?\b\d\d:\d\d:\d\d(\.\d+)?\b/INTERVAL/g;
	$text =~ s/\b[0-9A-F]+\/[0-9A-F]{4,}\b/LSN/g;
	$text =~ s/\b[0-9a-f]{8}\.[0-9a-f]+\b/SESSION/g;
	$text =~ s/-?\b\d{15,}\b/ID/g;
	$text =~ s/\b[0-9a-f]{16}\b/PSEUDONYM/g;
	$text =~ s/-{2,}/-/g;
	$text =~ s/[ \t]+/ /g;
	$text =~ s/ *\n */\n/g;
	$text =~ s/^\s+|\s+$//g;
	return $text;
}
