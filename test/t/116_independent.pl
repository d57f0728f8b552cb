# Checkpoints, proofs and exported files, checked by software that is not ours: openssl
# and sha256sum; with make independent by Go's sumdb and Sigstore's verifier as well.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $tools = "$FindBin::RealBin/../independent";

sub put
{
	my ($name, $content) = @_;
	open my $fh, '>:raw', "$dir/$name" or die;
	print $fh $content;
	close $fh;
	return;
}

# The exit code, and what was said
sub run_it
{
	my @command = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

mkdir "$dir/keys", 0700 or die;
my ($code, $said) = run_it('contact-guard', 'keygen', '--origin', 'example.org/log', '--out', "$dir/keys/log");
my ($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;
my $node = guard_node('independent', {}, "contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1');
make_roles($node);
make_crm($node, 'crm', 700);
as($node, 'crm', 'dispatcher', 'SELECT count(phone) FROM crm.customer');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 3');
my $size = $node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/^\s+//r;
$node->poll_query_until('crm', "SELECT last_checkpoint >= $size FROM contact_guard.status()") or die;

put('vkey', "$vkey\n");
my $note = $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()') =~ s/\n*\z/\n/r;
put('note', $note);
($size) = $note =~ /\A.*\n(\d+)\n/;
cmp_ok($size, '>', 700, 'a log of several tiles is signed');
mkdir "$dir/proofs" or die;
my @indexes = (0, 1, 255, 256, 511, 512, $size - 2, $size - 1);
put("proofs/$_", $node->safe_psql('crm', "SELECT concat_ws(chr(10), $_, encode(contact_guard.leaf($_), 'hex'),
	(SELECT string_agg(encode(h, 'hex'), chr(10) ORDER BY i) FROM unnest(contact_guard.inclusion_proof($_, $size)) WITH ORDINALITY u(h, i))) || chr(10)"))
	foreach @indexes;
($code, $said) = run_it('contact-guard', 'export', $node->connstr('crm'), "$dir/export", '--entries', '--vkey', $vkey);
is($code, 0, 'the log is exported') or diag($said);

# The proofs of a report to customer 3, whose lines "extra" have the leaf and the opening of the customer
$node->safe_psql('crm', 'CREATE ROLE dpo LOGIN IN ROLE contact_guard_dpo');
($code, $said) = run_it('contact-guard', 'report', $node->connstr('crm') . ' user=dpo', '--customer', 3, '--reference', 'DSAR-1', '--vkey', $vkey, '--out', "$dir/report");
is($code, 0, 'a report is made') or diag($said);
mkdir "$dir/customer" or die;
mkdir "$dir/customer/proofs" or die;
put('customer/vkey', "$vkey\n");
symlink "$dir/export", "$dir/customer/export" or die;
my $proved = 0;
foreach my $file (glob "$dir/report/proofs/*.tlog-proof")
{
	my ($extra, $index, $hashes, $signed) = slurp_file($file) =~ m{\Ac2sp\.org/tlog-proof\@v1\nextra (\S+)\nindex (\d+)\n(.*?)\n\n(.*)\z}s or die $file;
	my $leaf = $node->safe_psql('crm', "SELECT encode(contact_guard.leaf($index), 'hex')");
	my $both = unpack 'H*', decode_base64($extra);
	is(substr($both, 0, length $leaf), $leaf, "record $index: the leaf stands in front of the opening");
	like(substr($both, length $leaf), qr/^0003.{64}.{8}/, '  ... and nothing but the customer is opened');
	put("customer/proofs/$index", join("\n", $index, $leaf, map { unpack 'H*', decode_base64($_) } split /\n/, $hashes) . "\n");
	put('customer/note', $signed);
	$proved++;
}
cmp_ok($proved, '>=', 2, 'what the dispatcher and eve have read is proved');

my @checkers = ([ 'openssl and sha256sum', '/bin/bash', "$tools/shell", $dir ]);
if ($ENV{CG_NODE})
{
	$ENV{NODE_PATH} = $ENV{CG_NODE_PATH};
	push @checkers, [ '@sigstore/verify', $ENV{CG_NODE}, "$tools/sigstore.js", $dir ];
}
if ($ENV{CG_GO})
{
	local %ENV = (%ENV, GO111MODULE => 'off', GOPATH => '/usr/share/gocode', GOCACHE => "$dir/cache");
	($code, $said) = run_it($ENV{CG_GO}, 'build', '-o', "$dir/check", "$tools/check.go");
	is($code, 0, 'the checker in Go is built') or diag($said);
	push @checkers, [ 'golang.org/x/mod', "$dir/check", $dir ];
}
note('make independent has Go and Sigstore check as well') if @checkers < 3;

# What each must refuse: a leaf, a hash, the root, a signature of something else
my $proof = slurp_file("$dir/proofs/256");
my $root = (split /\n/, $note)[2];
my @spoiled = (
	[ 'another leaf', 'proofs/256', $proof =~ s/^(256\n..)(.)/$1 . ($2 eq '0' ? '1' : '0')/er ],
	[ 'another hash', 'proofs/256', $proof =~ s/(.)\n\z/($1 eq '0' ? '1' : '0') . "\n"/er ],
	[ 'a hash less', 'proofs/256', $proof =~ s/[0-9a-f]+\n\z//r ],
	[ 'another place', 'proofs/256', $proof =~ s/^256/257/r ],
	[ 'another root', 'note', $note =~ s/^\Q$root\E$/substr($root, 1, 1) eq 'A' ? 'AB' . substr($root, 2) : substr($root, 0, 1) . 'A' . substr($root, 2)/mer ],
	[ 'another size', 'note', $note =~ s/^$size$/$size + 1/mer ]);
foreach my $checker (@checkers)
{
	my ($name, @command) = @$checker;
	($code, $said) = run_it(@command);
	is($code, 0, "$name: good") or diag($said);
	my ($of_customer, $customer_said) = run_it(map { $_ eq $dir ? "$dir/customer" : $_ } @command);
	is($of_customer, 0, "$name: the proofs of the report are good") or diag($customer_said);
	foreach my $case (@spoiled)
	{
		my ($what, $file, $content) = @$case;
		my $good = slurp_file("$dir/$file");
		isnt($content, $good, "($what is another file)");
		put($file, $content);
		($code, $said) = run_it(@command);
		isnt($code, 0, "... $what is refused");
		put($file, $good);
	}
}
$node->stop;
done_testing();
