# Masks that validators accept: what real validators say of them, and the patterns that forms
# and frameworks use.  python3-phonenumbers is Google's libphonenumber; without it that part
# is left out.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use Test::More;

my $node = guard_node('validators');
make_roles($node);
make_crm($node, 'crm', 10);
my %regions = (AU => 1, CA => 1, DE => 1, FR => 0, GB => 0, IE => 0, SE => 1, US => 1);		# has it a mobile number of a range in use?
$node->safe_psql('crm', q(CREATE TABLE crm.real (id bigint PRIMARY KEY, phone text, line text, mail text); GRANT SELECT ON crm.real TO eve;
	INSERT INTO crm.real VALUES (1, '0612345678', '06 12 34 56 78', 'anna@example.com'), (2, '+33612345678', '+33 (0)6 12 34 56 78', 'b@example.org'),
	(3, '+4917612345678', '+49 176 12345678', 'c@example.org'), (4, '+447911123456', '+44 7911 123456', 'd@example.org'),
	(5, '+353871234567', '+353 87 123 4567', 'e@example.org'), (6, '+46701234567', '+46 70 123 45 67', 'f@example.org'),
	(7, '+12125551234', '+1 (212) 555-1234', 'g@example.org'), (8, '+61412345678', '+61 412 345 678', 'h@example.org')));
$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.real', 'id', '{phone}', 'phone(FR)');
	SELECT contact_guard.protect('crm.real', 'id', '{line}', 'phone(FR,landline)'); SELECT contact_guard.protect('crm.real', 'id', '{mail}', 'email(invalid)')));
my @rows = map { [ split /\|/ ] } split /\n/, as($node, 'crm', 'eve', 'SELECT * FROM crm.real ORDER BY id');
is(scalar(@rows), 8, 'masks of numbers of seven countries');

# What applications check by themselves
foreach (@rows)
{
	my ($id, $phone, $line, $mail) = @$_;
	like($phone, qr/^\+?\d{9,15}$/, "$phone: E.164, or as national digits");
	like($line, qr/^(?:\+\d{1,3} ?)?(?:\(\d{1,3}\) ?)?\d[\d ().-]{6,}\d$/, "$line: a form's pattern");
	# The pattern of the HTML standard for input type=email
	like($mail, qr/^[a-zA-Z0-9.!#$%&'*+\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/, "$mail: an address by the HTML standard");
	# Ruby's URI::MailTo::EMAIL_REGEXP and Django's domain part want a top-level domain of letters.
	like($mail, qr/@(?:[A-Z0-9-]+\.)+[A-Z]{2,}$/i, '... with a domain');
}
like($rows[0][1], qr/^(?:0|\+33)[1-9]\d{8}$/, 'a French form accepts it');

SKIP:
{
	my ($in, $out, $err) = (join("\n", map { ("FR $_->[1] phone", "FR $_->[2] line") } @rows), '', '');
	my $program = <<'PYTHON';
import sys, phonenumbers as p
for row in sys.stdin.read().split("\n"):
    region, rest = row.split(" ", 1)
    number, kind = rest.rsplit(" ", 1)
    n = p.parse(number, region)
    print(p.region_code_for_country_code(n.country_code), kind, int(p.is_possible_number(n)), int(p.is_valid_number(n)), number, sep="|")
PYTHON
	skip 'no python3-phonenumbers', 1 if !IPC::Run::run([ 'python3', '-c', 'import phonenumbers' ], '<', \undef, '>&', \my $none);
	ok(IPC::Run::run([ 'python3', '-c', $program ], '<', \$in, '>', \$out, '2>', \$err), 'libphonenumber reads them') or diag($err);
	my @said = map { [ split /\|/ ] } split /\n/, $out;
	is(scalar(@said), 16, '... all');
	foreach (@said)
	{
		my ($region, $kind, $possible, $valid, $number) = @$_;
		is($possible, 1, "$number ($region) is a possible number");
		# docs/policy.md says which a validator refuses that knows the ranges in use.
		is($valid, 1, '... and a valid one') if $kind eq 'line' ? $region ne 'IE' : $regions{$region};
	}
}
$node->stop;
done_testing();
