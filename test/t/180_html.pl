# What contact-guard puts into HTML: no text of others becomes markup, and a page fetches nothing.
use strict;
use warnings;
use Digest::SHA qw(sha256_base64);
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = dirname(dirname(dirname(File::Spec->rel2abs(__FILE__))));
my $work = PostgreSQL::Test::Utils::tempdir();
chomp(my $includedir = `\${PG_CONFIG:-pg_config} --includedir`);
system_or_bail('cc', '-O1', '-D_GNU_SOURCE', "-I$source/src", "-I$source/src/client", "-I$includedir", '-o', "$work/html",
	"$source/test/client/html.c", map({ "$source/src/client/$_.c" } qw(html text)),
	map({ "$source/src/common/$_.c" } qw(bytes hasher note notekey merkle)), '-lcrypto');

# page(TEXT): a page with this text in all places
sub page
{
	my ($text) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ "$work/html", $text ], '>', \$out, '2>', \$err) or die $err;
	return $out;
}

my $plain = page('Léa');
is(() = $plain =~ /Léa/g, 5, 'a text stands where it was put');
like($plain, qr/^<!DOCTYPE html>\n<html lang="fr">/, 'the page names its language');
like($plain, qr{<th scope="col">b &amp; c</th>.*<th scope="row">L}s, 'headings have a scope, and are escaped');
like($plain, qr{>-3 4 %</p>}, 'numbers');

# The tags of a page do not depend on the text.
my $tags = sub { join ' ', $_[0] =~ /<(\/?[a-z!]\w*)/gi };
for my $text ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='a()", '</style><b>', '</title><b>',
	'&lt;b&gt;', '<!--', ']]>', "a\e[31mb\x07", "\xe2\x80\xaeabc", "\xff\xfe", "a\nb", '%s%s%n')
{
	my $page = page($text);
	(my $name = $text) =~ s/[^ -~]/?/g;
	is($tags->($page), $tags->($plain), "no markup from: $name");
	unlike($page, qr/[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xff/, "no control from: $name");
	my ($attribute) = $page =~ /<p title="([^"]*)">/;
	unlike($attribute // '<', qr/[<>']/, "an attribute ends where it must: $name");
	is($attribute, ($page =~ m{<h1>(.*?)</h1>}s)[0], "the same in text and attribute: $name");
}
# All that Unicode has to turn, join, annotate or hide other text
my $hidden = join '', map { chr } grep { chr =~ /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}]|(?!\p{Prepended_Concatenation_Mark})\p{Cf}|[\x{FFF9}-\x{FFFB}]/ } 0 .. 0xD7FF, 0xE000 .. 0x10FFFF;
cmp_ok(length $hidden, '>', 4000, 'Unicode has many of them');
utf8::encode(my $encoded = $hidden);
my $seen = page($encoded);
utf8::decode($seen);
unlike($seen, qr/[$hidden]/, '  ... and no page has one');
like(page("\xef\xbf\xb9"), qr/\\xef\\xbf\\xb9/, '  ... but its bytes');
my $visible = "\x{600}\x{e9}\x{3b1}\x{627}\x{5d0}\x{4e2d}\x{1f4de}\x{301}\x{a0}\x{202f}";
utf8::encode($visible);
like(page($visible), qr/<h1>\Q$visible\E<\/h1>/, 'what is seen stands as it is');
like(page('&lt;'), qr{<h1>&amp;lt;</h1>}, 'what looks escaped is escaped again');

# Nothing is fetched, and only what the page was made with runs.
unlike($plain, qr/\b(?:src|href|srcset|action|background)\s*=|url\(|\@import|\bon\w+\s*=/i, 'no reference');
my ($policy) = $plain =~ /Content-Security-Policy" content="([^"]*)"/;
my ($style) = $plain =~ m{<style>(.*?)</style>}s;
my ($script) = $plain =~ m{<script>(.*?)</script>}s;
is($policy, "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" . sha256_base64($style)
	  . "='; script-src 'sha256-" . sha256_base64($script) . "='", 'the policy allows this style and this script alone');

done_testing();
