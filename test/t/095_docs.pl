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
use IPC::Run;
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

foreach my $file (@files)
{
	my @blocks = blocks(slurp_file("$top/$file"));
	ok(@blocks > 0, "$file: has examples");
	while (@blocks)
	{
		my @sql;
		push @sql, shift @blocks while @blocks && $blocks[0]{kind} eq 'sql';
		run_session(@sql) if @sql;
		check_output($file, $_) foreach @sql;
		next if @sql;
		my $block = shift @blocks;
		my ($ok, $out) = run_shell($block->{code});
		ok($ok, "$file:$block->{line}: $block->{title}") or diag($out);
	}
}
$node->stop;
done_testing();

# Blocks with the line they begin at, their first statement as a title, and their output.
sub blocks
{
	my ($content) = @_;
	my @blocks;
	while ($content =~ /^<!-- test(?: sh)? -->\n+```(sql|sh)\n(.*?)^```\n(?:\n*```text\n(.*?)^```$)?/msg)
	{
		my ($kind, $code, $text) = ($1, $2, $3);
		my $line = 1 + (substr($content, 0, $-[1]) =~ tr/\n//);
		my ($title) = $code =~ /^(?!--|\\)(\S.{0,50})/m;
		push @blocks, { kind => $kind, code => $code, text => $text, line => $line, title => $title };
	}
	return @blocks;
}

# Pastes blocks into one session, and notes what each printed.
sub run_session
{
	my @blocks = @_;
	my $number = 0;
	my $input = join '', map { my $n = $number++; "$_->{code}\n\\echo \@block $n\n\\warn \@block $n\n" } @blocks;
	my $out = '';
	my $psql = IPC::Run::start([ 'psql', qw(-X -q -d contact_demo -f -), '-h', $node->host, '-p', $node->port ],
		'<', \$input, '>&', \$out, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$psql->finish;
	$out =~ s/^psql:<stdin>:\d+: //mg;
	foreach my $n (0 .. $#blocks)
	{
		$blocks[$n]{out} = $out =~ s/\A(.*?^\@block $n\n.*?)^\@block $n\n//ms ? $1 : "the session has ended\n$out";
		$blocks[$n]{out} =~ s/^\@block \d+\n//mg;
	}
	return;
}

sub check_output
{
	my ($file, $block) = @_;
	my $out = $block->{out};
	my @paragraphs = grep { /\S/ } split /\n\s*\n/, $block->{text} // '';
	my $at = 0;
	my @lost = grep { !found($out, shape($_), \$at) } @paragraphs;
	my $text = shape($block->{text} // '');
	my @errors = grep { index($text, $_) < 0 } shape($out) =~ /^((?:ERROR|FATAL|PANIC): .*)/mg;

	ok(!@lost && !@errors, "$file:$block->{line}: $block->{title}")
	  or diag(join "\n", (map { "not printed:\n$_" } @lost), (map { "not in the text: $_" } @errors), "printed:\n$out");
	return;
}

# Runs what is meant for an administrator's shell, as nobody but the server's user.
sub run_shell
{
	my ($code) = @_;
	my $out = '';
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'contact_demo');
	$code =~ s/\bsudo install -d (?:-\w \w+ )*/mkdir -m 700 -p /g;
	$code =~ s/\bsudo (?:-u \w+ )?//g;
	$code =~ s/\/(?:etc|var\/lib|srv)\//$dir\//g;
	$code =~ s/\bhost=\S+\.example\.com\b/host=$ENV{PGHOST}/g;
	my $ok = IPC::Run::run([ 'sh', '-exc', "cd $dir\n$code" ], '>&', \$out,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($ok, $out);
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
