# Runs the examples of our Markdown files, and compares what they print with what the text
# says: test/t/095_docs.pl tells how these look.  Environment: PGHOST, PGPORT and PGUSER
# name the server.
package Docs;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use Test::More;

our @EXPORT = qw(run_examples run_shell);

# A loaded machine is slow.
use constant TIMEOUT => $ENV{PG_TEST_TIMEOUT_DEFAULT} || 180;

# run_examples(NAME, TEXT, SHELL...): all of a text.  SHELL is what run_shell() takes.
sub run_examples
{
	my ($file, $text, @shell) = @_;
	my @blocks = blocks($text);
	ok(@blocks > 0, "$file: has examples");
	while (@blocks)
	{
		my @sql;
		push @sql, shift @blocks while @blocks && $blocks[0]{kind} eq 'sql';
		run_session(@sql) if @sql;
		check_output($file, $_) foreach @sql;
		next if @sql;
		my $block = shift @blocks;
		my ($ok, $out) = run_shell($block->{code}, @shell);
		ok($ok, "$file:$block->{line}: $block->{title}") or diag($out);
	}
	return;
}

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
	my $psql = IPC::Run::start([ 'psql', qw(-X -q -d contact_demo -f -) ],
		'<', \$input, '>&', \$out, IPC::Run::timeout(TIMEOUT));
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

# Runs what is meant for an administrator's shell, in DIR.  If CHANGE is given, it
# changes the text before.
sub run_shell
{
	my ($code, $dir, $change) = @_;
	my $out = '';
	$code = $change->($code) if $change;
	my $ok = IPC::Run::run([ 'sh', '-exc', "cd $dir\n$code" ], '>&', \$out, IPC::Run::timeout(TIMEOUT));
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
	$text =~ s/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d)?/TIME/g;
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

1;
