# Writers of a guarded table by those of a plain one; and a session that touches nothing
# guarded by one on a server without the library.  fsync is off: what is compared is work.

package Bench::Part::writers;

use strict;
use warnings;

use Bench;
use Bench::Cluster;

my $customers = 100_000;
my @fast = ('fsync = off', 'autovacuum = off');
my %text = (update => 'UPDATE of an unguarded column', insert => 'INSERT', copy => 'COPY FROM');
my %beside = (read => 'a prepared read', plan => 'a read that is planned each time', write => 'a prepared UPDATE');

goal(name => "writers/$_", text => "$text{$_}, rate by plain", sense => 'at least', goal => 0.9,
	of => [ "writers/$_-guarded", "writers/$_-plain" ]) foreach sort keys %text;
# Of what is the difference of two rates, the instructions are the judge.
goal(name => "beside/$_", text => "$beside{$_}, nothing guarded, rate by no library", sense => 'at least', goal => 0.99,
	of => [ "beside/$_-with", "beside/$_-without" ]) foreach sort keys %beside;

# The rate, and how many rows there were
sub writing
{
	my ($cluster, $how, $table) = @_;
	return $cluster->rate(user => 'anna', script => "\\set id random(1, $customers)\nUPDATE $table SET name = 'New ' || :id WHERE id = :id;")
	  if $how eq 'update';
	return $cluster->rate(user => 'anna', script => "INSERT INTO $table VALUES (nextval('crm.ids'), 'New', '+33600000000', 'new\@example.com');")
	  if $how eq 'insert';
	my ($time) = $cluster->timed('anna', "\\copy $table from '" . work() . "/rows'");
	return (200_000 / $time * 1000, 200_000);
}

sub writers
{
	my ($wanted) = @_;
	my $cluster = cluster('writers', Bench::Cluster::guarded(), @fast);
	$cluster->file($_, customers => $customers) foreach qw(crm.sql guard.sql);
	$cluster->sql('postgres', 'GRANT UPDATE, INSERT ON crm.plain, crm.customer TO anna', 'CREATE SEQUENCE crm.ids START 2000000',
		'GRANT USAGE ON SEQUENCE crm.ids TO anna', 'VACUUM ANALYZE', 'CHECKPOINT');
	Bench::Cluster::run('psql', '-XAtq', $cluster->connection('postgres'), '-d', 'postgres', '-o', work() . '/rows', '-c',
		"COPY (SELECT i, 'Customer ' || i, '+336' || lpad(i::text, 8, '0'), 'c' || i || '\@example.com' FROM generate_series(1000001, 1200000) i) TO STDOUT");
	my %table = (plain => 'crm.plain', guarded => 'crm.customer');
	my @variants;
	foreach my $how (qw(update insert copy))
	{
		foreach my $kind (qw(plain guarded))
		{
			next if !$wanted->{"writers/$how-$kind"};
			push @variants, [ "writers/$how-$kind", sub
			{
				my ($rate, $done);
				$cluster->spend("writers/$how-$kind", sub { $done }, sub { ($rate, $done) = writing($cluster, $how, $table{$kind}) });
				$cluster->sql('postgres', "DELETE FROM $table{$kind} WHERE id > $customers", "VACUUM $table{$kind}");
				return $rate;
			} ];
		}
	}
	turns('a second', @variants);
	$cluster->stop;
}

sub beside
{
	my ($wanted) = @_;
	my %cluster = (with => cluster('beside', Bench::Cluster::guarded(), @fast), without => cluster('without', @fast));
	foreach my $cluster (values %cluster)
	{
		$cluster->file('crm.sql', customers => $customers);
		$cluster->sql('postgres', 'GRANT UPDATE ON crm.plain TO anna');
	}
	$cluster{with}->file('guard.sql');
	$_->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT') foreach values %cluster;
	my %script = (read => 'SELECT name FROM crm.plain WHERE id = :id;', write => 'UPDATE crm.plain SET name = :id WHERE id = :id;');
	my @variants;
	foreach my $how (qw(read plan write))
	{
		foreach my $kind (qw(with without))
		{
			next if !$wanted->{"beside/$how-$kind"};
			push @variants, [ "beside/$how-$kind", sub
			{
				my ($rate, $done);
				$cluster{$kind}->spend("beside/$how-$kind", sub { $done }, sub
				{
					($rate, $done) = $cluster{$kind}->rate(user => 'anna', protocol => $how eq 'plan' ? 'simple' : 'prepared',
						script => "\\set id random(1, 10000)\n" . ($script{$how} // $script{read}));
				});
				return $rate;
			} ];
		}
	}
	turns('a second', @variants);
	$_->stop foreach values %cluster;
}

sub run
{
	my ($wanted) = @_;
	writers($wanted) if grep { /^writers/ } keys %$wanted;
	beside($wanted) if grep { /^beside/ } keys %$wanted;
}

return { name => 'writers, and sessions beside', run => \&run, variants => [
	(map { ("writers/$_-plain", "writers/$_-guarded") } sort keys %text),
	(map { ("beside/$_-with", "beside/$_-without") } sort keys %beside) ] };
