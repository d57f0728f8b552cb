# contact-guard pages: what the pages say, that no text of others becomes markup in them, that
# they fetch nothing, and that they can be read by everybody.  With tidy and Chromium, if they
# are installed, the pages are checked and looked at; pictures of them are kept beside the logs.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Browser;
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('pages');
make_roles($node);
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE SCHEMA crm;
	GRANT USAGE ON SCHEMA crm TO PUBLIC;
	CREATE TABLE crm.customer (id text PRIMARY KEY, name text, phone text);
	CREATE INDEX ON crm.customer (phone);
	CREATE TABLE crm.intervention (id int PRIMARY KEY, customer text, technician text, starts timestamptz, ends timestamptz);
	INSERT INTO crm.customer SELECT i, 'n', '06' || to_char(i, 'FM00000000') FROM generate_series(1, 100) i;
	INSERT INTO crm.intervention VALUES (70, '8', 'anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h');
	SELECT contact_guard.use_interventions('crm.intervention', 'customer', 'technician', 'starts', 'ends');
	SELECT contact_guard.protect('crm.customer', 'id', '{phone}', mask => 'partial(2,1)');
	GRANT SELECT ON crm.customer TO anna, dispatcher));
my $work = PostgreSQL::Test::Utils::tempdir_short();

# Names that want to be markup, code, or commands of a terminal.
my @hostile = (
	'<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onclick='alert(1)", '</table></svg><b>',
	'</style><style>*{display:none}', "\e[2J\e]0;owned\x07", "\x{e2}\x{80}\x{ae}gnihton", '&lt;i&gt;&#60;', 'javascript:alert(1)', '%s%n%lld');
sub quoted { return "'" . (shift =~ s/'/''/gr) . "'" }
sub named { return '"' . (shift =~ s/"/""/gr) . '"' }

$node->safe_psql('crm', 'CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor; CREATE ROLE idle;
	CREATE ROLE app LOGIN IN ROLE contact_guard_proxy; GRANT SELECT, UPDATE ON crm.customer TO app');
my ($plain_column, $plain_relation) = ('<u>"\'&', '<s>&"\'');
my ($column, $relation) = (named($plain_column), named($plain_relation));
$node->safe_psql('crm', "CREATE TABLE crm.$relation (id text PRIMARY KEY, $column text);
	GRANT SELECT ON crm.$relation TO app, anna, dispatcher;
	SELECT contact_guard.protect(" . quoted("crm.$relation") . ", 'id', ARRAY[" . quoted($plain_column) . "]::name[], mask => 'constant(<h1>)')");
foreach my $name (@hostile)
{
	my $purpose = quoted($name);
	$node->safe_psql('crm', "INSERT INTO crm.$relation VALUES ($purpose, 'secret-value')");
	as($node, 'crm', 'app', "SET application_name = $purpose; BEGIN; SELECT contact_guard.act_as($purpose);
		SELECT $column AS $column FROM crm.$relation WHERE id = $purpose; SELECT count($column) FROM crm.$relation;
		CREATE TEMP TABLE t AS SELECT $column FROM crm.$relation; COMMIT");
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	$node->safe_psql('crm', "SELECT contact_guard.hold($purpose, $purpose); SELECT contact_guard.release_hold($purpose, $purpose)");
}
$node->safe_psql('crm', "SELECT contact_guard.allow('idle', " . quoted($hostile[0]) . "), contact_guard.allow('dispatcher', " . quoted($hostile[1]) . ')');
as($node, 'crm', 'anna', q(SELECT phone FROM crm.customer WHERE id = '7')) foreach 1 .. 3;
as($node, 'crm', 'anna', q(SELECT phone FROM crm.customer WHERE id = '8'));
as($node, 'crm', 'dispatcher', "SELECT phone FROM crm.customer WHERE id = '7'; SELECT id FROM crm.customer WHERE phone = '0600000007'; SELECT id FROM crm.customer WHERE phone ILIKE '%99999'");
$node->safe_psql('crm', 'SELECT contact_guard.sync()');

# pages(FOLDER, OPTION...): exit status, stdout and stderr
sub pages
{
	my ($folder, @options) = @_;
	my ($user) = grep { /^user=/ } @options;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', 'pages', $node->connstr('crm') . ' ' . ($user // 'user=auditor'), $folder, grep { !/^user=/ } @options ],
		'>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

my ($status, $out, $err) = pages("$work/pages", '--customer', '999', '--customer', '8', '--actor', 'dispatcher', '--customer', $hostile[1]);
is($status, 0, 'an auditor makes pages') or diag($err);
like($out, qr/^\d+ pages in \Q$work\E\/pages/, '  ... and hears how many');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE event = 'audit_read' AND actor = 'auditor'"),
	1, 'what they read is one record');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE event = 'withheld' AND actor = 'auditor'"),
	0, '  ... and no read of values');

my %page = map { m{([^/]+)$} ? ($1 => slurp_file($_)) : () } glob "$work/pages/*";
ok($page{$_}, "there is $_") foreach qw(index.html guard.html team.html customers.html permissions.html searches.html evidence.html customer-1.html actor-1.html);
is(scalar(grep { !/\.html$/ } keys %page), 0, 'nothing else is in the folder');

# What the pages say
sub text { return $_[0] =~ s/<(?:style|script)>.*?<\/(?:style|script)>//gsr =~ s/<title>.*?<\/title>//gsr =~ s/<[^>]*>/ /gr =~ s/&lt;/</gr =~ s/\s+/ /gr }
like(text($page{'team.html'}), qr/\banna 3 1 0 /, 'the attempts of Anna');
unlike(text($page{'team.html'}), qr/\bdispatcher \d/, '  ... and none of the dispatcher, who was shown everything');
like(text($page{'permissions.html'}), qr/\bidle .{0,60}recorded .{0,80} 0 unused/, 'a permission that nobody uses');
unlike(text($page{'permissions.html'}), qr/\bdispatcher [^0-9]{0,80}recorded[^<]{0,80} 2 [^<]{0,30}unused/, '  ... and one that is used');
like(text($page{'searches.html'}), qr/dispatcher crm\.customer phone .{0,60} 2 /, 'searches, by equality and by a pattern');
my ($nine) = grep { $page{$_} =~ m{<strong>999</strong>} } grep { /^customer-/ } keys %page;
like($page{ $nine // 'index.html' }, qr/There is no record of this customer/, 'a customer who was named has a page, and nobody has read him');
my ($seven) = grep { $page{$_} =~ m{<strong>7</strong>} } grep { /^customer-/ } keys %page;
is(() = ($page{ $seven // 'index.html' } =~ /<path class="mask"/g), 3, 'three diamonds for three attempts');
is(() = ($page{ $seven // 'index.html' } =~ /<circle class="dot"/g), 2, '  ... and dots for what the dispatcher was shown');
my ($eight) = grep { $page{$_} =~ m{<strong>8</strong>} } grep { /^customer-/ } keys %page;
is(() = ($page{ $eight // 'index.html' } =~ /<rect class="visit"[^>]*><title>visit 70</g), 1, 'a bar for the visit that showed a value');
like(text($page{'evidence.html'}), qr/Nothing was ever signed/, 'there is no evidence, and the page says so');
unlike(join('', values %page), qr/secret-value|06000000/, 'no guarded value is in a page');

# Days are those of a calendar, also where one of them has 25 hours
{
	local $ENV{PGTZ} = 'Europe/Paris';
	is((pages("$work/dst", '--since', '2025-09-01', '--until', '2025-11-15'))[0], 0, 'pages of an autumn');
	my $index = text(slurp_file("$work/dst/index.html"));
	like($index, qr/ $_ /, "  ... have the week of $_") foreach qw(2025-10-20 2025-10-27 2025-11-10);
	like(text(slurp_file("$work/dst/guard.html")), qr/ 2025-09-01 2025-11-15 unknown 76 /, '  ... and 76 days of the guard');
}

# Markup is ours alone.
my %known = map { $_ => 1 } qw(!doctype html head meta title style script body main nav a h1 h2 p ul li strong span em table caption thead tbody tr th td
	figure figcaption svg text rect line path circle g dl dt dd code pre footer);
my %single = map { $_ => 1 } qw(!doctype meta rect line path circle);
foreach my $name (sort keys %page)
{
	my $html = $page{$name};
	my $body = $html =~ s/<(style|script)>.*?<\/\1>/<$1><\/$1>/gsr;
	my (@open, @bad);
	while ($body =~ /<(\/?)([^\s\/>]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*\/?>|(<)/g)
	{
		my ($end, $tag, $attributes) = ($1, lc($2 // ''), $3 // '');
		push @bad, "a single <" and next if defined $4;
		push @bad, "tag $tag" if !$known{$tag};
		push @bad, "attribute $1 of $tag" while $attributes =~ /\s(on\w+|style|src|srcset|action|formaction|xlink:href)=/gi;
		push @bad, "link to $1" while $attributes =~ /\bhref="([^"]*)"/g && !$page{$1};
		next if $single{$tag};
		if ($end) { push @bad, "</$tag> closes <" . ($open[-1] // '') . '>' if (pop(@open) // '') ne $tag }
		else { push @open, $tag }
	}
	is("@bad @open", ' ', "$name: only our own markup, and links to pages that are there");
	unlike($html, qr/[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae/, "$name: no control characters");
	my ($policy) = $html =~ /Content-Security-Policy" content="([^"]*)"/;
	my ($style) = $html =~ m{<style>(.*?)</style>}s;
	my ($script) = $html =~ m{<script>(.*?)</script>}s;
	is($policy, "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" . sha256_base64($style)
		  . "='; script-src 'sha256-" . sha256_base64($script) . "='", "$name: the policy allows this style and this script alone");
	is(() = ($html =~ /<table>/g), () = ($html =~ /<table>\n<caption>[^<]+<\/caption>\n<thead><tr>(?:<th scope="col">[^<]+<\/th>)+<\/tr><\/thead>/g),
		"$name: tables have a caption, and headings with a scope");
	unlike($html, qr/<tr><td/, "$name: rows have a heading");
	is(() = ($html =~ /<svg /g), () = ($html =~ /<svg viewBox="[\d ]+" role="img" aria-label="[^"]+">/g), "$name: charts have a name");
	like($html, qr/<html lang="en">.*<h1>[^<]+<\/h1>/s, "$name: a language and a heading");
}

# Contrast: text has 7 to 1 on its ground (WCAG AAA), and what is drawn 3 to 1.
sub luminance
{
	my ($colour) = @_;
	$colour =~ s/^#(.)(.)(.)$/#$1$1$2$2$3$3/;
	my @part = map { my $c = hex($_) / 255; $c <= 0.03928 ? $c / 12.92 : (($c + 0.055) / 1.055)**2.4 } $colour =~ /^#(..)(..)(..)$/;
	return 0.2126 * $part[0] + 0.7152 * $part[1] + 0.0722 * $part[2];
}
sub contrast { my ($high, $low) = sort { $b <=> $a } map { luminance($_) } @_; return ($high + 0.05) / ($low + 0.05) }
my ($style) = $page{'index.html'} =~ m{<style>(.*?)</style>}s;
my %ground = map { $_ => 1 } $style =~ /background:(#\w+)/g;
my %ink = map { $_ => 1 } $style =~ /(?<![-\w])color:(#\w+)/g;
ok(keys %ground > 2 && keys %ink >= 2, 'the style has colours');
foreach my $ink (sort keys %ink)
{
	cmp_ok(contrast($ink, $_), '>=', 7, "text $ink on $_") foreach sort keys %ground;
}
foreach my $rule ($style =~ /svg \.(?:bar|dot|mask|other|on|off|mark|unknown|visit)\{[^}]*\}/g)
{
	my ($colour) = $rule =~ /stroke:(#\w+)/ ? $1 : $rule =~ /fill:(#\w+)/;
	cmp_ok(contrast($colour, '#ffffff'), '>=', 3, "$rule can be seen");
}
cmp_ok(contrast($style =~ /\.off\{fill:(#\w+)/, $style =~ /\.cross\{stroke:(#\w+)/), '>=', 3, 'the cross can be seen on a day when the guard was off');
like($style, qr/a:focus-visible,button:focus-visible\{outline:/, 'who uses the keyboard sees where he is');
unlike($style, qr/outline:\s*(?:0|none)/, '  ... always');

# Folders and roles
($status, $out, $err) = pages("$work/pages");
is($status, 2, 'a folder that is there is not written to');
like($err, qr/could not create|is there already/, '  ... and that is said');
symlink "$work/elsewhere", "$work/link" or die;
($status) = pages("$work/link");
is($status, 2, 'nor where a link points to');
ok(!-e "$work/elsewhere", '  ... which makes nothing there');
($status, $out, $err) = pages("$work/others", 'user=eve');
is($status, 2, 'somebody who is no auditor gets no pages');
like($err, qr/permission denied/, '  ... and hears why');
ok(!-e "$work/others", '  ... and no folder');
($status, $out, $err) = pages("$work/long", '--since', '2020-01-01');
is($status, 2, 'a period of years is too long');
($status, $out, $err) = pages("$work/never", '--until', '2020-01-01');
is($status, 0, 'a time in which there was nothing') or diag($err);
like(text(slurp_file("$work/never/guard.html")), qr/unknown 91/, '  ... and nobody knows whether there was a guard');
append_to_file("$work/report", "verified: \e[1m<b>all good</b>\n2nd line\n");
($status) = pages("$work/quoted", '--verified', "$work/report");
like(slurp_file("$work/quoted/evidence.html"), qr/<pre>verified: \\x1b\[1m&lt;b&gt;all good&lt;\/b&gt;\n2nd line\n<\/pre>/, 'a report of verify is quoted');

# With the tools of others
SKIP:
{
	skip 'tidy is not installed', 1 if !grep { -x "$_/tidy" } split /:/, $ENV{PATH};
	my $found = '';
	foreach my $name (sort keys %page)
	{
		my ($said, $ignored) = ('', '');
		IPC::Run::run([ 'tidy', '-e', '-q', '--show-info', 'no', "$work/pages/$name" ], '>', \$ignored, '2>', \$said);
		$found .= "$name: $_\n" foreach grep { /\S/ && !/"aria-current"/ } split /\n/, $said;	# which tidy 5.6 does not know
	}
	is($found, '', 'tidy finds nothing');
}
SKIP:
{
	skip 'Chromium is not installed', 9 if !browser();
	my $kept = "$PostgreSQL::Test::Utils::log_path/pages";
	mkdir $kept;
	my ($dom, $said) = look($work, "$work/pages/team.html", '--dump-dom');
	my @headings = $dom =~ /<th scope="col">/g;
	is(() = ($dom =~ /<th scope="col"><button type="button">/g), scalar @headings, 'Chromium: each heading of a table is a button');
	cmp_ok(scalar @headings, '>', 5, '  ... and there are some');
	unlike($said, qr/Content Security Policy|Uncaught|Refused to/, '  ... and no complaint of the page');
	is(requests($work), '', '  ... and no request leaves');

	append_to_file("$work/fetches.html", '<!DOCTYPE html><title>x</title><img src="http://example.com/x.png" alt="">');
	look($work, "$work/fetches.html", '--dump-dom');
	like(requests($work), qr{http://example\.com/x\.png}, '  ... while one of another page is noticed');

	# The same page with something that presses the button of the second column.
	my $pressed = $page{'team.html'} =~ s/<meta http-equiv[^>]*>//r
	  =~ s/<\/body>/<script>addEventListener('load',function(){document.querySelectorAll('thead button')[1].click()})<\/script><\/body>/r;
	append_to_file("$work/pressed.html", $pressed);
	($dom) = look($work, "$work/pressed.html", '--dump-dom');
	my ($first) = $dom =~ /<tbody>(.*?)<\/tbody>/s;
	my @numbers = $first =~ /<\/th><td class="number">(\d+)</g;
	is("@numbers", join(' ', sort { $a <=> $b } @numbers), '  ... and a press of the second one sorts by number');
	cmp_ok($numbers[0], '<', $numbers[-1], '  ... which was not so before') if @numbers;
	like($dom, qr/aria-sort="ascending"/, '  ... and is said to a screen reader');
	foreach my $name (qw(index guard team permissions searches evidence customer-1 actor-1))
	{
		look($work, "$work/pages/$name.html", '--window-size=1160,1000', "--screenshot=$kept/$name.png");
	}
	cmp_ok(scalar(grep { -s } glob "$kept/*.png"), '==', 8, 'pictures are kept');
	note("pictures are in $kept");
}
$node->stop;
done_testing();
