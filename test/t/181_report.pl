# contact-guard report: what a customer gets, that it names nobody, and that it is proved.

use strict;
use warnings;

use File::Find;
use FindBin;
use JSON::PP;
use lib "$FindBin::RealBin/lib";
use Browser;
use Guarded;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $dir = PostgreSQL::Test::Utils::tempdir;

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

mkdir "$dir/keys", 0700 or die;
my ($vkey) = (guard('keygen', '--origin', 'example.org/log', '--out', "$dir/keys/log"))[1] =~ m{^(example\.org/log\+\S+)$}m;
my $node = guard_node('report', "contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1',
	'contact_guard.min_retention = 0', 'contact_guard.withheld_detail = 5');
make_roles($node);
make_crm($node, 'crm', 300);

# People whose names must not be seen, and some that try to be markup
my $evil = q(x"><img src=x onerror=alert(1)>);
$node->safe_psql('crm', qq(
	CREATE ROLE bert LOGIN; CREATE ROLE technicians; GRANT technicians TO anna, bert;
	CREATE ROLE office; CREATE ROLE clerk LOGIN; GRANT office TO clerk;
	CREATE ROLE backup LOGIN; CREATE ROLE dpo LOGIN; GRANT contact_guard_dpo TO dpo;
	CREATE ROLE officer LOGIN; GRANT contact_guard_admin TO officer;
	CREATE ROLE pool LOGIN; GRANT contact_guard_proxy TO pool; GRANT office TO pool;
	GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO bert, clerk, backup, pool;
	SELECT contact_guard.allow('office', 'calls <b>&"''\e[31m');
	SELECT contact_guard.allow('backup', '=nightly dump', 'crm.customer', 'bulk');
	SELECT contact_guard.reader_category('technicians', 'technician');
	SELECT contact_guard.reader_category('office', '<i>dispatch</i>')) =~ s/\\e/\e/r);

as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 7');
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (8, 9)');
as($node, 'crm', 'bert', 'SELECT phone FROM crm.customer WHERE id = 7');
as($node, 'crm', 'bert', 'SELECT count(phone) FROM crm.customer');
as($node, 'crm', 'clerk', q(SELECT name FROM crm.customer WHERE phone = '0600000007'));
as($node, 'crm', 'clerk', q(SELECT name FROM crm.customer WHERE phone = '0699999999'));
$node->safe_psql('crm', q(SELECT n_distinct FROM pg_stats WHERE schemaname = 'crm' AND tablename = 'customer'));
as($node, 'crm', 'backup', 'SELECT count(phone) FROM crm.customer');
as($node, 'crm', 'pool', qq(BEGIN; SELECT contact_guard.act_as(\$\$$evil\$\$, 'office'::text); SELECT phone FROM crm.customer WHERE id = 7; COMMIT));

# A leaf that has the session in the clear is not given: then the report is there without proofs.
my $sealed = $node->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT bool_and(position(convert_to(session, 'UTF8') IN contact_guard.leaf(seq)) = 0)
	FROM contact_guard.access_log WHERE event = 'shown')) =~ /t$/;
my $proofs = $sealed ? 4 : 0;
my $conninfo = $node->connstr('crm') . ' user=dpo';
my $n = 0;
my $printed;

# report(WANTED STATUS, OPTION...): the report as JSON, its HTML, its folder and stderr
sub report
{
	my ($want, @options) = @_;
	my $folder = "$dir/report" . ++$n;
	my ($status, $out, $err) = guard('report', $conninfo, '--out', $folder, '--vkey', $vkey, @options);
	is($status, $want, "@options[0 .. 3]") or diag($out . $err);
	$printed = $out;
	return (undef, undef, $folder, $err) if !-e "$folder/report.json";
	return (decode_json(slurp_file("$folder/report.json")), slurp_file("$folder/report.html"), $folder, $err);
}

my ($json, $html, $folder, $err) = report(0, '--customer', 7, '--reference', 'DSAR-1', '--received', '2026-01-31', '--language', 'fr',
	'--timezone', 'Europe/Paris', '--controller', 'Fibre <SARL>');
is($json->{schema}, 'contact-guard/subject-report/v1', 'the schema is named');
is($json->{due}, '2026-02-28', 'due: the last day of a month that has no 31');
is((join ' ', map { "$_->{event}/" . ($_->{purpose} // '') =~ s/ .*//r } @{ $json->{records} }), 'shown/intervention withheld/ shown/calls shown/calls', 'the records that name him');
is((join ' ', sort map { "$_->{event} $_->{count}" } @{ $json->{possible} }), 'bulk 300 lookup 0 lookup 0 withheld 300', 'what may have included him');
is_deeply([ map { $json->{sums}{$_} } qw(consultations days readers with_appointment withheld) ], [ 3, 1, 3, 1, 1 ], 'sums');
is((grep { defined $_->{proof} } @{ $json->{records} }), $proofs, 'each has a proof, if its leaf is sealed');
like($err, qr/has 2 readers of category "technician"/, 'the officer is warned of small categories');
unlike($err, qr/\e/, '... and his terminal is safe');
like($html, qr/<h2>Recherches parmi tous les clients<\/h2>.*administration de la base de données.*<h2>Copies/s, 'searches are told as such');

# Nobody is named: neither in the files, nor in what the proofs contain
sub texts_of
{
	my ($folder) = @_;
	my %text;
	find({ no_chdir => 1, wanted => sub {
		return if !-f;
		my $text = slurp_file($_);
		# Hashes and signatures are bytes of chance, which may well read "dpo".
		my @decoded = map { decode_base64($_) } $text =~ /^(?:extra )?([A-Za-z0-9+\/=]{40,})$/mg;
		$text =~ s/^(extra |\S+ \S+ )?[A-Za-z0-9+\/=]{40,}$/$1 \/\/ ''/mge;
		$text .= join "\n", grep { length != 32 } @decoded;
		$text{$_} = $text;
	} }, $folder);
	return \%text;
}
my $texts = texts_of($folder);
is(scalar(keys %$texts), 4 + $proofs, 'three reports, the proofs, and the sums');
# Also whoever and whatever else is in the log, but what the report is to say
my %told = map { $_ => 1 } 'shown', 'crm.customer';
my @logged = grep { length > 2 && !$told{$_} } split /\n/, $node->safe_psql('crm', q(SELECT DISTINCT u FROM contact_guard.access_log l,
	unnest(ARRAY[l.actor, l.login, l.client, l.application, l.session]) u WHERE u IS NOT NULL));
cmp_ok(scalar @logged, '>', 12, 'the log has names, logins, clients and sessions');
foreach my $secret (qw(anna bert clerk backup dpo officer pool 0600000007 0600000008), 'postgres', 'V-8', $evil, '[local]', 'psql', 'SELECT', '181_report', @logged)
{
	my @in = grep { $texts->{$_} =~ /(?<![a-z])\Q$secret\E(?![a-z])/ } sort keys %$texts;
	is("@in", '', "nothing says: $secret");
}
my @customers = map { $_->{customer} } @{ $json->{records} };
is("@customers", '7 7 7 7', 'of no other customer');
ok(!(grep { -t $_ || (stat $_)[2] & 07077 } $folder), 'nobody else can look into the folder');

# Markup of others stays text
unlike($html, qr/<(?:img|b|i|script)\b|\e/i, 'no markup of others');
like($html, qr/calls &lt;b&gt;&amp;&quot;&#39;\\x1b\[31m/, '... but its text');
unlike($html, qr/\b(?:src|href|srcset|action)\s*=|url\(|\@import|<script/i, 'nothing is fetched, nothing runs');
like($html, qr/<html lang="fr">/, 'the language is named');
is((() = $html =~ /<th(?! scope=)/g), (() = $html =~ /<thead/g), 'each heading has a scope');

# The code on the page: whoever reads it finds size and root hash of the checkpoint.
my ($said_code) = $html =~ m{</svg><p>[^<]*<code>(\d+ [A-Za-z0-9+/]{43}=)</code>};
is($said_code, join(' ', (split /\n/, $json->{log}{checkpoint})[1, 2]), 'size and root hash are on the page');
is(qr_text($html), $said_code, '... and in the code, without an error to correct');
like($html, qr/Que le journal ne contienne aucun autre enregistrement à votre sujet est une affirmation/, 'what is not proved is said');
like($printed, qr/^  SELECT contact_guard\.hold\('7', 'DSAR-1'\);$/m, 'a hold is proposed');

# The modules of the one code, as bytes: as ISO/IEC 18004 has it, for version 4, level L, mask 0.
sub qr_text
{
	my ($page) = @_;
	my ($path) = $page =~ /<svg viewBox="-4 -4 41 41"[^>]*><path d="([^"]*)"/ or return 'no code';
	my %dark = map { $_ => 1 } $path =~ /M(\d+ \d+)h1v1h-1z/g;
	my ($bits, $up) = ('', 1);
	foreach my $right (32, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 5, 3, 1)
	{
		foreach my $row ($up ? reverse 0 .. 32 : 0 .. 32)
		{
			foreach my $column ($right, $right - 1)
			{
				next if $row == 6 || $row < 9 && ($column < 9 || $column > 24) || $row > 24 && $column < 9 || abs($row - 26) < 3 && abs($column - 26) < 3;
				$bits .= ($dark{"$column $row"} // 0) ^ (($row + $column) % 2 == 0 ? 1 : 0);
			}
		}
		$up = !$up;
	}
	my @bytes = unpack 'C100', pack 'B*', $bits;
	my (@power, %log) = (1);
	push @power, ($power[-1] * 2) ^ ($power[-1] > 127 ? 0x11D : 0) foreach 1 .. 254;
	@log{@power} = 0 .. 254;
	foreach my $root (0 .. 19)
	{
		my $sum = 0;
		$sum = ($sum ? $power[ ($log{$sum} + $root) % 255 ] : 0) ^ $_ foreach @bytes;
		return "syndrome $root is $sum" if $sum;
	}
	my ($length) = unpack 'x4 N', pack 'B*', '0' x 56 . substr($bits, 4, 8);
	return substr($bits, 0, 4) eq '0100' ? pack('B*', substr($bits, 12, 8 * $length)) : 'another mode';
}

# The table for a spreadsheet has all rows, and nothing that it would compute.
my $csv = slurp_file("$folder/records.csv");
my @lines = split /\r\n/, $csv;
is(scalar @lines, 1 + @{ $json->{records} } + @{ $json->{possible} }, 'records.csv has a line for each row');
is((grep { !/^(?:\xef\xbb\xbf)?"(?:[^"]|"")*"(?:;"(?:[^"]|"")*"){11}$/ } @lines), 0, '... of twelve fields');
is((grep { /(?:^|;)"[=+\-\@]/ } @lines), 0, '... none of which is a formula');
like($csv, qr/;"'=nightly dump";/, '... what looks like one is text');
like($csv, qr/^"Pendant un rendez-vous chez vous";"[\d-]+";"[\d:]+";"[^"]*Z";"";"1";"phone";"technician [A-Z]";"rendez-vous";"7";"7";"\d*"\r$/m, '... and says what the page says');
like($csv, qr/;"calls <b>&""'\\x1b\[31m";/, '... with quotes, and without escapes');

# Proofs hold on a machine without the database; SHA256SUMS is right
foreach my $proof (map { $_->{proof} // () } @{ $json->{records} })
{
	my ($status, $out) = guard('check-proof', "$folder/$proof", '--vkey', $vkey);
	is($status, 0, "$proof holds");
	like($out, qr/customer: 7$/m, '... and says: customer 7');
	unlike($out, qr/anna|bert|clerk/, '... and not who');
}
my $sums = '';
ok(IPC::Run::run([ 'sh', '-c', "cd '$folder' && sha256sum --quiet -c SHA256SUMS" ], '>&', \$sums), 'SHA256SUMS') or diag($sums);
is((() = slurp_file("$folder/SHA256SUMS") =~ /\n/g), 3 + $proofs, '... has all files');

SKIP:
{
	my $validate = 'import json, sys, jsonschema; jsonschema.Draft7Validator.check_schema(json.load(open(sys.argv[1]))); jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))';
	skip 'python3-jsonschema is not installed', 2 if !IPC::Run::run([ 'python3', '-c', 'import jsonschema' ], '>&', \my $no);
	my $said = '';
	ok(IPC::Run::run([ 'python3', '-c', $validate, "$top/docs/subject-report.schema.json", "$folder/report.json" ], '>&', \$said), 'the schema') or diag($said);
	append_to_file("$dir/bad.json", slurp_file("$folder/report.json") =~ s/"reader": "/"actor": "anna", "reader": "/r);
	ok(!IPC::Run::run([ 'python3', '-c', $validate, "$top/docs/subject-report.schema.json", "$dir/bad.json" ], '>&', \$said), '... allows nothing else');
}
SKIP:
{
	skip 'tidy is not installed', 1 if !grep { -x "$_/tidy" } split /:/, $ENV{PATH};
	my $said = '';
	IPC::Run::run([ 'tidy', '-e', '-q', "$folder/report.html" ], '>&', \$said);
	is($said, '', 'tidy has nothing to say');
}
SKIP:
{
	skip 'Chromium is not installed', 5 if !browser();
	my $kept = "$PostgreSQL::Test::Utils::log_path/report.png";
	my ($dom, $said) = look($dir, "$folder/report.html", '--dump-dom');
	like($dom, qr/<h1>/, 'Chromium shows the report');
	unlike($said, qr/Content Security Policy|Uncaught|Refused to/, '  ... which it has nothing to say about');
	is(requests($dir), '', '  ... and no request leaves');
	look($dir, "$folder/report.html", '--window-size=1000,3200', "--screenshot=$kept");
	ok(-s $kept, '  ... and a picture is kept');
	my $code = "$dir/code.png";
	append_to_file("$dir/code.html", '<!DOCTYPE html><title>x</title>' . ($html =~ /(<svg viewBox="-4 -4.*?<\/svg>)/s)[0]);
	look($dir, "$dir/code.html", '--window-size=600,600', "--screenshot=$code");
	SKIP:
	{
		skip 'zbarimg is not installed', 1 if !grep { -x "$_/zbarimg" } split /:/, $ENV{PATH};
		IPC::Run::run([ 'zbarimg', '-q', '--raw', $code ], '>', \my $scanned, '2>', \my $noise);
		is($scanned, "$said_code\n", '  ... and a scanner reads the code');
	}
}

SKIP:
{
	skip 'weasyprint is not installed', 2 if !grep { -x "$_/weasyprint" } split /:/, $ENV{PATH};
	my $warned = '';
	ok(IPC::Run::run([ 'weasyprint', "$folder/report.html", "$dir/report.pdf" ], '>&', \$warned), 'a PDF is made of the page') or diag($warned);
	like(slurp_file("$dir/report.pdf"), qr/^%PDF-.*\/Count [1-9]/s, '  ... with pages');
}

# Another report of the same customer shares no pseudonym, and knows of the first one
$node->safe_psql('crm', "ALTER ROLE dpo SET default_transaction_isolation = 'serializable'");
my ($second, $english, undef, $warned) = report(0, '--customer', 7, '--reference', 'DSAR-1');
unlike($warned, qr/WARNING/, 'whatever the isolation of the role is');
$node->safe_psql('crm', 'ALTER ROLE dpo RESET default_transaction_isolation');
my %tags = map { $_->{reader} => 1 } @{ $json->{readers} };
is((grep { $tags{ $_->{reader} } } @{ $second->{readers} }), 0, 'two reports share no pseudonym');
is((grep { $_->{event} eq 'report' } @{ $second->{records} }), 1, 'the first report is in the second');
like($english, qr/a report was made/, '... in plain words');
like($english, qr/consulted 3 times, on 1 day, by 3 different persons/, 'the sentence');

# Several keys of one person are one report
my ($two) = report(0, '--customer', 7, '--customer', 8, '--reference', 'DSAR-2');
my %by = map { $_->{customer} . $_->{event} => $_->{reader} } @{ $two->{records} };
is($by{'7shown'} ? 1 : 0, 1, 'the first key');
is((grep { $_->{customer} eq '8' && $_->{event} eq 'shown' } @{ $two->{records} }), 1, 'the second key');
is((grep { $_->{event} eq 'bulk' } @{ $two->{possible} }), 1, 'what names nobody counts once');
my ($appointment) = map { $_->{reader} } grep { $_->{customer} eq '7' && ($_->{purpose} // '') eq 'intervention' } @{ $two->{records} };
is((grep { $_->{customer} eq '8' && $_->{reader} eq $appointment } @{ $two->{records} }), 1, 'one reader, one pseudonym');

# A customer without a read; one who is not in the CRM any more
my ($empty, $nothing) = report(0, '--customer', 299, '--reference', 'DSAR-3', '--language', 'fr');
is(scalar(@{ $empty->{records} }), 0, 'no record');
like($nothing, qr/personne n’a consulté individuellement/, '... is said');
like($nothing, qr/\(nombre de preuves[^:]*: 0\).*est une affirmation de notre part, que ce rapport ne prouve pas/s, '... and that this is only a statement');
like($nothing, qr/D’autres opérations ont porté sur de nombreux clients à la fois/, '... and that other reads may have included him');
$node->safe_psql('crm', 'DELETE FROM crm.customer WHERE id = 8');
my ($deleted) = report(0, '--customer', 8, '--reference', 'DSAR-4');
is((grep { $_->{event} eq 'shown' } @{ $deleted->{records} }), 1, 'the log still has a customer whom the CRM has deleted');

# The period: its end does not belong to it, and days are those of the zone
my ($before) = report(0, '--customer', 7, '--reference', 'DSAR-5', '--until', $json->{records}[0]{at});
is(scalar(@{ $before->{records} }), 0, 'until');
my ($after) = report(0, '--customer', 7, '--reference', 'DSAR-6', '--since', '2000-01-01', '--timezone', 'Asia/Tokyo');
is($after->{since}, '1999-12-31T15:00:00.000000Z', 'a day begins in the zone of the customer');

# Many rows of what may have included him: the page has some, and the table all of them
as($node, 'crm', 'pool', join '', map { "BEGIN; SELECT contact_guard.act_as('worker $_'); SELECT count(phone) FROM crm.customer; COMMIT;" } 1 .. 105);
my ($many, $page_of_many, $folder_of_many) = report(0, '--customer', 7, '--reference', 'DSAR-9', '--language', 'fr');
my $mass = grep { $_->{event} eq 'withheld' } @{ $many->{possible} };
cmp_ok($mass, '>=', 106, 'many mass attempts');
my ($section) = $page_of_many =~ m{<h2>Tentatives portant sur de nombreux clients.*?(<table>.*?)<h2>}s;
is(scalar(() = $section =~ /<tr><th scope="row">/g), 100, '... of which the page has a hundred');
like($section, qr/Le tableau montre les 100 premières lignes sur $mass\. Toutes figurent dans le fichier records\.csv/, '... and says so');
is(scalar(() = slurp_file("$folder_of_many/records.csv") =~ /^"Tentatives portant/mg), $mass, '... and the table has all of them');

# Names: by a decision
my ($named, $with_names) = report(0, '--customer', 7, '--reference', 'DSAR-7', '--name-readers', 'order <of> the court');
is((join ' ', sort map { $_->{name} // () } @{ $named->{readers} }), "anna clerk $evil", 'the names of those who have consulted, and of nobody else');
like($with_names, qr/order &lt;of&gt; the court/, 'the decision is in the report');
is($node->safe_psql('crm', 'SELECT decision FROM contact_guard.disclosure'), 'order <of> the court', '... and on record');
is(log_rows($node, 'crm', "event = 'disclosure' AND customer = '7' AND actor = 'dpo'"), 1, '... with a record');
my $in_a_block = "SELECT count(*) FROM contact_guard.name_readers('DSAR-7', ARRAY['$named->{readers}[0]{reader}'], 'in a block')";
(undef, my $refusal) = as($node, 'crm', 'dpo', "DO \$\$ DECLARE n int; BEGIN $in_a_block INTO n; ROLLBACK; END \$\$");
is(state_of($refusal), '25001', 'a block, which could take it back, does not get them');

# What is refused
foreach my $case ([ qr/needs --customer/, '--reference', 'x' ], [ qr/en or fr/, '--customer', 7, '--reference', 'x', '--language', 'xx' ],
	[ qr/not a day/, '--customer', 7, '--reference', 'x', '--received', '2026-02-30' ], [ qr/visible ASCII/, '--customer', 7, '--reference', "a\e[31m" ],
	[ qr/given twice/, '--customer', 7, '--customer', 7, '--reference', 'x' ], [ qr/invalid value for parameter "TimeZone"/, '--customer', 7, '--reference', 'x', '--timezone', 'Mars/Olympus' ])
{
	my ($pattern, @options) = @$case;
	my (undef, undef, $there, $said) = report(2, @options, '--until', 'infinity');
	like($said, $pattern, '... says why');
	unlike($said, qr/\e/, '... without an escape');
	ok(!-e $there, '... leaves no folder');
}
mkdir "$dir/there" or die;
my ($status, $out, $said) = guard('report', $conninfo, '--out', "$dir/there", '--customer', 7, '--reference', 'x', '--vkey', $vkey);
is($status, 2, 'a folder that is there is not used');
symlink "$dir/elsewhere", "$dir/link" or die;
($status) = guard('report', $conninfo, '--out', "$dir/link", '--customer', 7, '--reference', 'x', '--vkey', $vkey);
is($status, 2, '... nor a link');
is((guard('report', $node->connstr('crm') . ' user=eve', '--out', "$dir/eve", '--customer', 7, '--reference', 'x', '--vkey', $vkey))[0], 2, 'nobody else makes reports');

# What is erased is not there any more; but what is held, and what is about another customer, stays
report(0, '--customer', 299, '--reference', 'DSAR-7');
as($node, 'crm', 'officer', q(SELECT contact_guard.erase_customer('299', 'asked for')));
is($node->safe_psql('crm', 'SELECT customer FROM contact_guard.disclosure'), 7, 'a decision does not go with another customer of that reference');
$node->safe_psql('crm', q(SELECT contact_guard.hold('7', 'lawsuit')));
as($node, 'crm', 'officer', q(SELECT contact_guard.erase_actor('anna', 'has left')));
is($node->safe_psql('crm', 'SELECT customer FROM contact_guard.disclosure'), 7, 'the decision about a customer who is held stays');
$node->safe_psql('crm', q(SELECT contact_guard.release_hold('7', 'over')));
as($node, 'crm', 'officer', q(SELECT contact_guard.erase_actor('anna', 'has left')));
my ($erased, $page) = report(0, '--customer', 7, '--reference', 'DSAR-8', '--language', 'fr');
is((grep { !defined $_->{reader} && $_->{event} eq 'shown' } @{ $erased->{records} }), 1, 'a reader who was erased has no pseudonym');
is($erased->{sums}{by_erased_reader}, 1, '... and is counted');
like($page, qr/une personne dont le nom a été effacé/, '... in plain words');
like($page, qr/Le nom d’un client ou d’une personne a été effacé/, '... as is the erasure');
is((grep { $_->{proof} } @{ $erased->{records} }), $proofs, 'the records still have their proofs');
is($node->safe_psql('crm', 'SELECT count(*) FROM contact_guard.disclosure'), 0, 'the decision about him is gone');
as($node, 'crm', 'officer', q(SELECT contact_guard.erase_customer('7', 'asked for')));
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.report WHERE customer = '7')), 0, 'the keys of reports about an erased customer are gone');
is($node->safe_psql('crm', q(SELECT count(*) > 0 FROM contact_guard.report WHERE customer = '8')), 't', '... and those of others are not');
$node->stop;

# No server is needed to check a proof, nor is anything left of this one.
{
	local %ENV = (map { $_ => $ENV{$_} } grep { !/^PG/ } keys %ENV);
	my @proofs = map { $_->{proof} // () } @{ $json->{records} };
	is((grep { (guard('check-proof', "$folder/$_", '--vkey', $vkey))[0] != 0 } @proofs), 0, 'the proofs hold when the server is gone');
	is(scalar @proofs, $proofs, '... all of them');
}
done_testing();
