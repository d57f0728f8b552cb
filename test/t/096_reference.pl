# docs/reference.md has every function, table, setting, event, mask and group role of
# the extension, with its arguments, defaults and who may use it, and nothing else.
# Errors that the docs quote are in the source; files and headings that they name are there.

use strict;
use warnings;

use File::Find;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $node = PostgreSQL::Test::Cluster->new('reference');
$node->init(allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION contact_guard');
my %page = map { s/^\Q$top\E\///r => slurp_file($_) } "$top/README.md", glob("$top/docs/*.md");
my $reference = $page{'docs/reference.md'};

# What a list has too much and too little
sub same
{
	my ($what, $documented, $there) = @_;
	my %documented = map { $_ => 1 } @$documented;
	my %there = map { $_ => 1 } @$there;
	my @differ = ((map { "in the page alone: $_" } grep { !$there{$_} } sort keys %documented),
		(map { "not in the page: $_" } grep { !$documented{$_} } sort keys %there));
	ok(@$there > 0 && !@differ, $what) or diag(join "\n", @differ);
	is(scalar(@$documented), scalar(keys %documented), "$what: each once");
	return;
}

# Rows of the tables below a heading, as lists of cells
sub rows
{
	my ($text, $heading) = @_;
	my ($section) = $text =~ /^## \Q$heading\E$(.*?)(?=^## |\z)/ms or die "no heading: $heading";
	return grep { $_->[0] =~ /^`/ } map { [ map { s/^\s+|\s+$//gr } split /(?<!\\)\|/, substr($_, 1), -1 ] } $section =~ /^(\|.*)$/mg;
}

sub name_of { my ($cell) = @_; return $cell =~ /^`([^`]+)`$/ ? $1 : $cell }

my $who = q(coalesce((SELECT string_agg(CASE g WHEN 0 THEN 'everybody' ELSE replace(g::regrole::text, 'contact_guard_', '') END, ', ' ORDER BY g::regrole::text)
	FROM (SELECT DISTINCT grantee AS g FROM aclexplode(%s) WHERE grantee <> 10) a), 'nobody'));

# Functions
my @documented = map { name_of($_->[0]) . " by $_->[1]" } map { rows($reference, $_) } grep { /^(?!Masks).*unctions/ } $reference =~ /^## (.*)$/mg;
my @there;
foreach (split /\n/, $node->safe_psql('postgres', 'SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), '
	. sprintf($who, 'proacl') . q( FROM pg_proc WHERE pronamespace = 'contact_guard'::regnamespace)))
{
	my ($name, $arguments, $result, $by) = split /\|/;
	my @arguments = split /, (?![^(]*\))/, $arguments;
	my @out = map { /^OUT (\w+)/ ? $1 : () } @arguments;
	@out = map { /^(\w+)/ } split /, /, $1 if $result =~ /^TABLE\((.*)\)$/;
	$arguments = join ', ', grep { !/^OUT / } @arguments;
	$arguments =~ s/::(?:"[^"]+"|[a-z ]+)(?:\[\])?//g;
	$arguments =~ s/ DEFAULT / = /g;
	$arguments =~ s/'00:00:00'/'0'/g;
	$result = '(' . join(', ', @out) . ')' if @out;
	my $text = "$name($arguments)" . ($result eq 'void' ? '' : " → $result");
	$text =~ s/timestamp with time zone/timestamptz/g;
	$text =~ s/contact_guard\.//g;
	push @there, "$text by $by";
}
utf8::encode($_) foreach grep { utf8::is_utf8($_) } @documented, @there;
same('functions', \@documented, \@there);

# Tables and views; months and indexes are no names to know
same('tables and views', [ map { name_of($_->[0]) . " by $_->[1]" } rows($reference, 'Tables and views') ],
	[ map { s/\|/ by /r } split /\n/, $node->safe_psql('postgres', 'SELECT relname, ' . sprintf($who, 'relacl')
		. q( FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition)) ]);

# Settings
same('settings', [ map { join ' ', name_of($_->[0]), name_of($_->[1]), $_->[2] } rows($reference, 'Settings') ],
	[ split /\n/, $node->safe_psql('postgres', q(SELECT format('%s %s %s', name, current_setting(name),
		CASE context WHEN 'superuser' THEN 'session' WHEN 'sighup' THEN 'file' WHEN 'postmaster' THEN 'start' END) FROM pg_settings WHERE name LIKE 'contact\_guard.%')) ]);

# Events, of the function that numbers them
my $numbers = $node->safe_psql('postgres', q(SELECT pg_get_function_sqlbody('contact_guard.event_number'::regproc)));
same('events', [ map { name_of($_->[0]) } rows($reference, 'Events') ], [ $numbers =~ /'(\w+)'/g ]);
my ($audit) = $page{'docs/audit.md'} =~ /^(\| event \|.*?)\n\n/ms;
same('events of audit.md', [ $audit =~ /^\| `(\w+)`/mg ], [ $numbers =~ /'(\w+)'/g ]);

# Masks, of the hint that names them
my ($out, $hint);
$node->psql('postgres', q(CREATE TABLE t (id int, a text); SELECT contact_guard.protect('t', 'id', '{a}', 'rot13')), stderr => \$hint, stdout => \$out);
my ($masks) = $hint =~ /Masks are (.*)\./ or die $hint;
my @masks = map { s/;/,/gr } split /, | and /, $masks =~ s/(\w),(?=\w)/$1;/gr;
same('masks', [ map { name_of($_->[0]) } rows($reference, 'Masks') ], \@masks);
like($reference, qr/`$_`/, "$_ is named") foreach split /\n/, $node->safe_psql('postgres', q(SELECT rolname FROM pg_roles WHERE rolname LIKE 'contact\_guard%'));
$node->stop;

# Errors: a message with gaps, in the source with its %s
my $source = '';
find({ no_chdir => 1, wanted => sub { $source .= slurp_file($_) if /\.c$/ } }, "$top/src");
my %message;
while ($source =~ /\berrmsg(?:_plural)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*|[A-Z]+[A-Z0-9]*_FORMAT\s*)+)/g)
{
	my $text = $1;
	$text =~ s/[A-Z0-9]+_FORMAT/"%d"/g;
	$text =~ s/"\s*"//g;
	$text =~ s/^"|"\s*$//g;
	$text =~ s/\\"/"/g;
	$text =~ s/%\w/…/g;
	$message{$text} = 1;
}
foreach my $cell (map { $_->[0] } rows($page{'docs/crm.md'}, 'Errors'))
{
	my $text = name_of($cell);
	ok((grep { $text =~ pattern($_) || $_ =~ pattern($text) } keys %message), "an error of the source: $text");
}

# Headings that the pages name; test/shape looks for the files
foreach my $file (sort keys %page)
{
	(my $folder = $file) =~ s/[^\/]*$//;
	my @dead;
	foreach my $link ($page{$file} =~ /\]\(([^)\s]+)\)/g)
	{
		my ($path, $heading) = $link =~ /^([^#]*)(?:#(.*))?$/;
		next if $path =~ /^https?:/;
		my $target = $path eq '' ? $file : "$folder$path";
		1 while $target =~ s/(^|\/)[^\/]+\/\.\.\//$1/;
		next if !defined $heading || !exists $page{$target};
		my %is_heading = map { anchor($_) => 1 } $page{$target} =~ /^#+ (.*)$/mg;
		push @dead, $link if !$is_heading{$heading};
	}
	is("@dead", '', "$file: links lead somewhere");
}
done_testing();

# A row of the page may speak of several errors: a gap stands for words on either side.
sub pattern
{
	my ($text) = @_;
	my $words = join '.+', map { quotemeta } split /…/, $text, -1;
	return qr/^$words$/;
}

# As GitHub makes it of a heading
sub anchor
{
	my ($text) = @_;
	$text = lc $text;
	$text =~ s/[^\w\- ]//g;
	$text =~ s/ /-/g;
	return $text;
}
