# The page and the JSON of contact-guard report, on a fixed log, in English and French: test/report
# has what they must be, but for the pseudonyms, whose key is random, and the time of the report.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $golden = "$FindBin::RealBin/../report";
my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = guard_node('page', 'contact_guard.min_retention = 0');
make_roles($node);
make_crm($node, 'crm', 10);
$node->safe_psql('crm', q(
	CREATE ROLE bert LOGIN; CREATE ROLE technicians; GRANT technicians TO anna, bert; CREATE ROLE dpo LOGIN; GRANT contact_guard_dpo TO dpo;
	CREATE ROLE backup LOGIN; CREATE ROLE officer LOGIN; GRANT contact_guard_admin TO officer;
	SELECT contact_guard.reader_category('technicians', 'technician'); SELECT contact_guard.reader_category('dispatcher', 'dispatch');
	SELECT contact_guard.sync()));

# A past, which only a server without the library lets one write.  The customer is 4711.
my @columns = qw(seq read_at event actor login relation columns customer count intervention purpose reason opens_at closes_at);
my @past = (
	[ '2023-03-10 08:05:00+00', 'shown', 'anna', 4711, 1, 'V-12', 'intervention', undef, '2023-03-10 07:45:00+00', '2023-03-10 10:30:00+00' ],
	[ '2023-03-10 08:06:30+00', 'shown', 'anna', 4711, 1, 'V-12', 'intervention', undef, '2023-03-10 07:45:00+00', '2023-03-10 10:30:00+00' ],
	[ '2023-03-10 15:00:00+00', 'withheld', 'anna', 4711, 1, 'V-12', undef, 'window closed' ],
	[ '2023-03-26 01:30:00+00', 'shown', 'bert', 4711, 1, 'V-9', 'intervention', undef ],
	[ '2023-03-31 22:30:00+00', 'shown', 'dispatcher', 4711, 1, undef, 'planning <b>', 'by role dispatcher' ],
	[ '2023-04-02 09:00:00+00', 'lookup', 'dispatcher', undef, 0, undef, 'planning <b>', 'by role dispatcher' ],
	[ '2023-04-02 11:00:00+00', 'lookup', 'dispatcher', undef, 0, undef, 'planning <b>', 'by role dispatcher' ],
	[ '2023-04-02 11:30:00+00', 'searched', 'dispatcher', undef, 2500, undef, 'planning <b>', 'by role dispatcher' ],
	[ '2023-04-02 11:40:00+00', 'searched', 'dispatcher', 4711, 1, undef, 'planning <b>', 'by role dispatcher' ],
	[ '2023-04-02 12:00:00+00', 'lookup', 'officer', undef, 0, undef, 'superuser', undef ],
	[ '2023-04-02 13:00:00+00', 'lookup', 'eve', undef, 0, undef, undef, 'compared by a unique index, without permission' ],
	[ '2023-04-03 09:00:00+00', 'shown', undef, 4711, 1, 'V-13', 'intervention', undef ],
	[ '2023-04-04 10:00:00+00', 'contact_offered', 'bert', 4711, 1, 'V-13', 'relay', undef ],
	[ '2023-04-04 10:00:05+00', 'contact', 'bert', 4711, 1, 'V-13', 'relay', undef ],
	[ '2023-04-04 10:02:05+00', 'contact_end', 'bert', 4711, 120, 'V-13', 'relay', 'ended' ],
	[ '2023-04-05 10:00:00+00', 'contact_refused', 'bert', 4711, 1, 'V-13', 'relay', 'window closed' ],
	[ '2023-04-05 10:05:00+00', 'contact', 'bert', 4711, 1, 'V-13', 'relay', undef, undef, undef, '{phone,voice,in}' ],
	[ '2023-04-05 10:06:00+00', 'contact_end', 'bert', 4711, 0, 'V-13', 'relay', 'not answered', undef, undef, '{phone,voice,in}' ],
	[ '2023-04-05 10:07:00+00', 'contact_refused', 'bert', 4711, 1, 'V-13', 'relay', 'window closed', undef, undef, '{phone,text,in}' ],
	[ '2023-04-06 01:00:00+00', 'bulk', 'backup', undef, 812, undef, 'nightly dump', undef ],
	[ '2023-04-06 01:00:02+00', 'bulk', 'backup', undef, 812, undef, 'nightly dump', undef ],
	[ '2023-04-07 01:00:00+00', 'bulk', 'backup', undef, 813, undef, 'nightly dump', undef ],
	[ '2023-04-07 11:00:00+00', 'withheld', 'eve', undef, 800, undef, undef, 'no window' ],
	[ '2023-04-07 11:00:00+00', 'withheld', 'eve', undef, 3, undef, undef, 'no customer' ],
	[ '2023-04-08 11:00:00+00', 'withheld', 'eve', 4711, 1, undef, undef, 'no window' ],
	[ '2023-04-08 11:00:10+00', 'withheld', 'eve', 4711, 1, undef, undef, 'reached by relay only' ],
	[ '2023-04-08 11:00:20+00', 'withheld', 'eve', 4711, 1, undef, undef, 'token expired' ],
	[ '2023-04-08 11:00:30+00', 'withheld', 'eve', 4711, 1, undef, undef, 'column not in the token' ],
	[ '2023-04-08 11:00:40+00', 'withheld', 'eve', 4711, 1, undef, undef, 'what only a later version knows: anna' ],
	[ '2023-04-09 12:00:00+00', 'gap', undef, undef, 7, undef, undef, '7 messages of session 1.2 are missing' ],
	[ '2023-04-10 12:00:00+00', 'erasure', 'officer', undef, 1, undef, undef, 'an actor: has left' ],
	[ '2023-04-11 12:00:00+00', 'policy', 'officer', 4711, 1, undef, undef, 'release hold: we suspect anna' ],
	[ '2023-04-11 13:00:00+00', 'window', 'officer', 4711, 1, 'V-14', undef, undef ],
	[ '2023-04-12 12:00:00+00', 'report', 'dpo', 4711, 30, undef, undef, 'report "DSAR-0", from -infinity until infinity' ],
	[ '2023-04-13 12:00:00+00', 'disclosure', 'dpo', 4711, 1, undef, undef, 'report "DSAR-0", decision 00, readers 00' ],
	[ '2023-04-14 12:00:00+00', 'shown', 'anna', 4712, 1, 'V-99', 'intervention', undef ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
my $sql = '';
foreach my $month ('03', '04')
{
	my ($name, $next) = ("contact_guard.log_2023_$month", sprintf('2023-%02d-01', $month + 1));
	$sql .= "CREATE TABLE $name (LIKE contact_guard.log INCLUDING ALL);\n";
	foreach my $i (grep { $past[$_][0] =~ /^2023-$month/ } 0 .. $#past)
	{
		my ($at, $event, $actor, $customer, $count, $visit, $purpose, $reason, $opens, $closes, $columns) = @{ $past[$i] };
		my $about = $event =~ /^(?:gap|erasure|policy|report|disclosure)$/ ? 0 : 1;
		my @values = (-100 + $i, $at, $event, $actor, $actor, $about ? 'crm.customer' : undef, $columns // ($about ? '{phone,door_code}' : undef), $customer, $count, $visit, $purpose, $reason, $opens, $closes);
		$sql .= "INSERT INTO $name (" . join(', ', @columns) . ') VALUES (' . join(', ', map { defined $_ ? "'$_'" : 'NULL' } @values) . ");\n";
	}
	$sql .= "ALTER TABLE contact_guard.log ATTACH PARTITION $name FOR VALUES FROM ('2023-$month-01 00:00+00') TO ('$next 00:00+00');
		ALTER EXTENSION contact_guard ADD TABLE $name;\n";
}
$node->safe_psql('crm', $sql);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;

append_to_file("$dir/words", "technician,technicien\ndispatch,planificateur\nphone,téléphone\ndoor_code,code de la porte\nnightly dump,sauvegarde de nuit\nplanning <b>,planification <b>\n");
my $n = 0;

sub make_report
{
	my (@options) = @_;
	my $folder = "$dir/report" . ++$n;
	my ($out, $err) = ('', '');
	ok(IPC::Run::run([ 'contact-guard', 'report', $node->connstr('crm') . ' user=dpo', '--out', $folder, '--customer', 4711, '--reference', 'DSAR-1', '--received', '2023-01-31',
		'--until', '2023-04-20', @options ], '>', \$out, '2>', \$err), "a report: @options") or diag($out . $err);
	return $folder;
}

# Without what is random: readers are numbered as they come, and the report is made now.
sub settled
{
	my ($folder) = @_;
	my ($json, $html) = map { slurp_file("$folder/report.$_") } qw(json html);
	my $report = decode_json($json);
	my (%number, %letter);
	foreach my $row (@{ $report->{records} }, @{ $report->{possible} })
	{
		$number{ $row->{reader} } //= 1 + keys %number if defined $row->{reader};
	}
	my %of = map { $_->{letter} => $number{ $_->{reader} } } @{ $report->{readers} };
	my ($style) = $html =~ m{(<style>.*</style>)}s;
	$html =~ s/\Q$style\E//;
	$html =~ s/sha256-[A-Za-z0-9+\/=]{44}/sha256-HASH/;
	$html =~ s/(<td>[^<]*) ([A-Z])(?=<\/td>)/"$1 READER-" . ($of{$2} \/\/ '?')/ge;
	$html =~ s/(<dt>(?:This report was made on|Ce rapport a été établi le)<\/dt><dd>)[^<]*/$1NOW/;
	my @readers = sort { $a->{reader} cmp $b->{reader} } map { { %$_, reader => 'READER-' . $number{ $_->{reader} }, letter => 'X' } } @{ $report->{readers} };
	$json =~ s/"readers": \[.*?\]/'"readers": ' . JSON::PP->new->canonical->encode(\@readers)/se;
	$json =~ s/"reader": "([0-9a-f]{16})"/'"reader": "READER-' . ($number{$1} \/\/ '?') . '"'/ge;
	$json =~ s/"made": "[^"]*"/"made": "NOW"/;
	# What the restarts above have left
	$json =~ s/,\n\{"event": "gap", "at": "(?!2023)[^}]*\}//g;
	$html =~ s/<tr><th scope="row">[^<]* (?!2023)\d{4}<\/th>.*?<\/tr>\n//g;
	return ($json, $html);
}

# compare(NAME, TEXT): with the file of test/report
sub compare
{
	my ($name, $text) = @_;
	append_to_file("$dir/$name", $text);
	my $difference = '';
	ok(IPC::Run::run([ 'diff', '-u', "$golden/$name", "$dir/$name" ], '>&', \$difference), $name) or diag($difference);
	return;
}

my @french = ('--language', 'fr', '--timezone', 'Europe/Paris', '--since', '2023-03-01', '--categories', "$dir/words", '--controller', 'Fibre SARL, 1 rue de la Paix, 69001 Lyon');
my ($json, $html) = settled(my $french = make_report(@french));
compare('report.fr.json', $json);
compare('report.fr.html', $html);
($json, $html) = settled(my $english = make_report('--timezone', 'Europe/London'));
compare('report.en.json', $json);
compare('report.en.html', $html);

# What the two pages are, whatever their words are
foreach my $folder ($french, $english)
{
	my $page = slurp_file("$folder/report.html");
	unlike($page, qr/\b(?:anna|bert|dispatcher|eve|officer|dpo|4712|V-99|suspect|session 1\.2|DSAR-0)\b/, 'nobody else is named');
	is((() = $page =~ /<table>/g), (() = $page =~ /<caption>[^<]+<\/caption>/g), 'each table has a caption');
	is((() = $page =~ /<tr>/g), (() = $page =~ /<th scope="(?:row|col)">[^<]*(?:<br><small>[^<]*<\/small>)?<\/th>(?=<td>|<th|<\/tr>)/g) - 
		(() = $page =~ /<th scope="col">/g) + (() = $page =~ /<thead>/g), 'each row has a heading');
	SKIP:
	{
		skip 'tidy is not installed', 1 if !grep { -x "$_/tidy" } split /:/, $ENV{PATH};
		my $said = '';
		IPC::Run::run([ 'tidy', '-e', '-q', "$folder/report.html" ], '>&', \$said);
		is($said, '', 'tidy has nothing to say');
	}
}

# A month that is purged between two reports
$node->safe_psql('crm', q(SELECT contact_guard.purge('2023-04-01 00:00+00', 'old')));
my $later = make_report(@french);
my $report = decode_json(slurp_file("$later/report.json"));
is($report->{records_since}, '2023-04-01T00:00:00.000000Z', 'records exist since the purge');
is((grep { $_->{at} lt '2023-04' } @{ $report->{records} }), 0, '... and no older ones');
is((join ' ', map { $_->{before} } grep { $_->{event} eq 'purge' } @{ $report->{log_events} }), '2023-04-01T00:00:00.000000Z', '... which the report says');
like(slurp_file("$later/report.html"), qr/Les enregistrements antérieurs au 1er avril 2023 ont été supprimés/, '... in plain words');
like(slurp_file("$later/report.html"), qr/Les enregistrements remontent au 1er avril 2023\. Cette date est postérieure au début de la période/, '... on its first page');
$node->stop;

done_testing();
