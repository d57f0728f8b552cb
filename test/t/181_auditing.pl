# The questions of docs/auditing.md, asked of the demo's data: each query prints what the page
# says, but for times and session ids.
#
# The page with what was printed is written beside the logs: KEEP=1 test/run tap 181_auditing
# says where they are.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Docs;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $page = "$top/docs/auditing.md";
my $content = slurp_file($page);
my $begun = time;

# The story keeps its server: a socket in a folder whose name is short.
my $dir = File::Temp->newdir('cgXXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0700, $dir;
copy($_, $dir) or BAIL_OUT("$_: $!") foreach glob "$top/test/demo/*.pl $top/test/demo/*.pm $top/test/demo/*.sql $top/test/demo/*.csv";
chomp(my $bindir = `pg_config --bindir`);
my $told = '';
my $ok = IPC::Run::run([ 'perl', "$dir/story.pl", "$dir", $bindir ], '<', \undef, '>&', \$told,
	init => sub { delete @ENV{ grep { /^PG/ } keys %ENV }; @ENV{qw(KEEP LANG LC_ALL)} = (1, 'C.UTF-8', 'C.UTF-8') },
	IPC::Run::timeout(600));
ok($ok, 'the story is told') or diag($told);

END
{
	local $?;
	system("$bindir/pg_ctl -D $dir/data -m fast stop >/dev/null 2>&1") if defined $dir && -e "$dir/data/postmaster.pid";
}

# The page asks who reads at night: where it was two o'clock when the story was told.
my $east = (2 - (gmtime $begun)[2] + 36) % 24 - 12;
my %as = (
	PGHOST => "$dir", PGPORT => 5432, PGUSER => 'auditor', PGDATABASE => 'crm',
	PGCLIENTENCODING => 'UTF8', PGTZ => sprintf('<%+03d>%+d', $east, -$east));

# All of it in one session, as a reader does it.
my @blocks = grep { $_->{kind} eq 'sql' } Docs::blocks($content);
cmp_ok(scalar @blocks, '>=', 20, 'twenty questions at least');
my $input = join '', map { "$blocks[$_]{code}\\echo \@block $_\n" } 0 .. $#blocks;
my $out = '';
{
	local @ENV{ keys %as } = values %as;
	IPC::Run::run([ "$bindir/psql", qw(-X -q -f -) ], '<', \$input, '>&', \$out, IPC::Run::timeout(300));
}
$out =~ s/[ \t]+$//mg;
foreach my $n (0 .. $#blocks)
{
	my $block = $blocks[$n];
	my $printed = $out =~ s/\A(.*?)^\@block $n\n//ms ? $1 : "the session has ended\n$out";
	$printed =~ s/\n+\z/\n/;
	is(Docs::shape($printed), Docs::shape($block->{text} // ''), "docs/auditing.md:$block->{line}: $block->{title}");
	$content =~ s/(\Q```sql\E\n\Q$block->{code}\E```\n\n*```text\n)(.*?)^```$/$1$printed```/ms or die "no answer to $block->{title}\n";
	my $lines = grep { /\S/ && !/^\s*--/ } split /\n/, $block->{code};
	cmp_ok($lines, '<=', 10, '  ... in ten lines at most');
	unlike($printed, qr/ERROR|FATAL/, '  ... without an error');
}
append_to_file("$PostgreSQL::Test::Utils::log_path/auditing.md", $content);

# The same data on pages
{
	local @ENV{ keys %as } = values %as;
	my ($made, $said) = ('', '');
	IPC::Run::run([ 'contact-guard', 'pages', "$dir/pages", '--customer', '60010' ], '>', \$made, '2>', \$said);
	is($said, '', 'the demo on pages');
}
my $guard = slurp_file("$dir/pages/guard.html");
is(() = ($guard =~ /<path class="cross"/g), 1, 'the guard was off on one day');
like($guard, qr{<td>off for a part of each of these days</td>}, '  ... which is said in words, too');
like(slurp_file("$dir/pages/team.html"), qr{">marc</a></th><td class="number">4</td><td class="number">3</td>}, 'Marc tried three customers');
like(slurp_file("$dir/pages/team.html"), qr{>marc</a></th><td><a href="customer-\d+\.html">60003</a></td>}, '  ... and has opened a window for himself');
unlike(join('', map { slurp_file($_) } glob "$dir/pages/*.html"), qr/39[ .]?98[ .]?\d\d[ .]?\d\d|courriel|rue des Lilas/i, 'no guarded value is on a page');

unlike($content, qr/39[ .]?98[ .]?\d\d[ .]?\d\d|courriel|rue des Lilas/i, 'no guarded value is in the page');
done_testing();
