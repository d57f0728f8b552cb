# One customer's phone number by key, prepared, by 1, 8 and 32 clients: plain, what people
# have today, ours, and the least that a durable record can cost.

package Bench::Part::point;

use strict;
use warnings;

use Bench;
use Bench::Cluster;

my @clients = split ' ', option('CLIENTS', '1 8 32');
my $customers = option('ROWS', 200_000);
my ($open, $any) = ('\set id random(1, 10)', "\\set id random(11, $customers)");
my $audit = q(INSERT INTO crm.audit (event, customer) VALUES ('shown', :id));

# What each does; open: the customers whom anna may see, any: the others
my @paths = (
	[ 'plain', $any, 'SELECT phone FROM crm.plain WHERE id = :id' ],
	[ 'shown', $open, 'SELECT phone FROM crm.customer WHERE id = :id' ],
	[ 'withheld', $any, 'SELECT phone FROM crm.customer WHERE id = :id' ],
	[ 'rls-shown', $open, 'SELECT phone FROM crm.rls WHERE id = :id' ],
	[ 'rls-withheld', $any, 'SELECT phone FROM crm.rls WHERE id = :id' ],
	[ 'view-shown', $open, 'SELECT phone FROM crm.masked WHERE id = :id' ],
	[ 'view-withheld', $any, 'SELECT phone FROM crm.masked WHERE id = :id' ],
	[ 'pgaudit-view', $open, 'SELECT phone FROM crm.masked WHERE id = :id' ],
	[ 'function-insert', $open, 'SELECT crm.phone_of(:id)' ],
	[ 'function-dblink', $open, 'SELECT crm.phone_and_record(:id)' ],
	[ 'floor-message', $open, q(SELECT pg_logical_emit_message(true, 'bench', repeat('x', 200))) ],
	[ 'floor-flush', $open, q(SELECT crm.flushed_message(repeat('x', 200))) ],
	[ 'floor-insert', $open, $audit ],
	[ 'floor-written', $any, q(SELECT phone, pg_logical_emit_message(false, 'bench', repeat('x', 200)) FROM crm.plain WHERE id = :id) ],
	[ 'floor-read', $open, q(SELECT phone, crm.flushed_message(repeat('x', 200)) FROM crm.plain WHERE id = :id) ],
);

foreach my $clients (@clients)
{
	my $by = $clients == 1 ? '1 client' : "$clients clients";
	goal(name => "shown/$clients/floor", text => "shown, $by, by a flushed message (floor-message)",
		sense => 'at least', goal => 0.95, of => [ "point/$clients/shown", "point/$clients/floor-message" ]);
	goal(name => "read/$clients/floor", text => "the table and an unsealed flushed message, $by, by a flushed message: no shown read can be faster",
		sense => 'at least', goal => 0.95, of => [ "point/$clients/floor-read", "point/$clients/floor-message" ]);
	goal(name => "shown/$clients/insert", text => "shown, $by, by an INSERT with three indexes",
		sense => 'at least', goal => 1.1, of => [ "point/$clients/shown", "point/$clients/floor-insert" ]) if $clients == 8;
	goal(name => "withheld/$clients/rls", text => "withheld, $by, by row security with EXISTS",
		sense => 'at least', goal => 1.1, of => [ "point/$clients/withheld", "point/$clients/rls-withheld" ]) if $clients == 8;
	goal(name => "withheld/$clients/plain", text => "withheld, $by, by the plain table",
		sense => 'at least', goal => 0.85, of => [ "point/$clients/withheld", "point/$clients/plain" ]) if $clients == 8;
	goal(name => "written/$clients/plain", text => "the table and an unsealed message, $by, by the plain table: no withheld read can be faster",
		sense => 'at least', goal => 0.85, of => [ "point/$clients/floor-written", "point/$clients/plain" ]) if $clients == 8;
}

# The function of floor.c; PostgreSQL 17 has one.
sub make_floor
{
	my ($crm) = @_;
	if ($crm->sql('postgres', q(SELECT current_setting('server_version_num')::int >= 170000)) eq 't')
	{
		$crm->sql('postgres', q(CREATE FUNCTION crm.flushed_message(text) RETURNS pg_lsn LANGUAGE sql
			AS $$SELECT pg_catalog.pg_logical_emit_message(false, 'bench', $1, true)$$));
		return;
	}
	chomp(my $headers = qx("$ENV{PG_CONFIG}" --includedir-server));
	my $library = work() . '/floor.so';
	system('gcc', '-O2', '-shared', '-fPIC', "-I$headers", '-o', $library, 'test/bench/floor.c') == 0 or die "test/bench/floor.c\n";
	$crm->sql('postgres', "CREATE FUNCTION crm.flushed_message(text) RETURNS void STRICT LANGUAGE c AS '$library', 'flushed_message'");
}

# The cluster with pgaudit, or nothing
sub pgaudit
{
	chomp(my $libraries = qx("$ENV{PG_CONFIG}" --pkglibdir));
	if (!-e "$libraries/pgaudit.so")
	{
		note('pgaudit is not installed: its variant was left out');
		return;
	}
	my $cluster = cluster('pgaudit', "shared_preload_libraries = 'pgaudit'");
	$cluster->file($_, customers => $customers) foreach qw(crm.sql others.sql pgaudit.sql);
	$cluster->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	return $cluster;
}

sub run
{
	my ($wanted) = @_;
	my $crm = crm();
	my $pgaudit = (grep { /pgaudit/ } keys %$wanted) ? pgaudit() : undef;

	make_floor($crm);
	$crm->sql('postgres', 'GRANT INSERT ON crm.audit TO anna; GRANT USAGE ON SEQUENCE crm.audit_seq_seq TO anna');
	foreach my $clients (@clients)
	{
		my @variants;
		foreach my $path (@paths)
		{
			my ($name, $which, $sql) = @$path;
			my $full = "point/$clients/$name";
			my $cluster = $name =~ /pgaudit/ ? $pgaudit : $crm;
			next if !$wanted->{$full} || !$cluster;
			push @variants, [ $full, sub
			{
				my ($rate, $done);
				return $cluster->spend($full, sub { $done }, sub
				{
					($rate, $done) = $cluster->rate(user => 'anna', script => "$which\n$sql;", clients => $clients);
					return $rate;
				});
			} ];
		}
		turns('a second', @variants) if @variants;
	}
}

return { name => 'one customer by key', run => \&run,
	variants => [ map { my $clients = $_; map { "point/$clients/$_->[0]" } @paths } @clients ] };
