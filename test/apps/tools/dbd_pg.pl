# Tool: Perl, DBD::Pg
# Packages: perl libdbd-pg-perl
# Version: perl -MDBD::Pg -e 'print $DBD::Pg::VERSION'
# Command: perl tools/dbd_pg.pl
use strict;
use warnings;
use DBI;

my $dbh = DBI->connect('dbi:Pg:', 'pool', 'pool', { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
my $rows = 'SELECT id, phone FROM customer ';

# recipe: transaction
sub as_actor
{
	my ($dbh, $actor, $role, $work) = @_;
	$dbh->begin_work;
	my $result = eval {
		$dbh->do('SELECT contact_guard.act_as(?, role => ?)', undef, $actor, $role);
		my $done = $work->();
		$dbh->commit;
		$done;
	};
	return $result if $result;
	my $error = $@;
	$dbh->rollback;
	die $error;
}
# end of recipe

sub query
{
	my ($text, @given) = @_;
	return sub { $dbh->selectall_arrayref($rows . $text, undef, @given) };
}

sub say_rows
{
	my ($name, $actor, $read) = @_;
	print join(' ', $name, $actor, map { "$_->[0]=$_->[1]" } @$read), "\n";
}

sub step
{
	my ($name, $actor, $work, $role) = @_;
	return if eval { say_rows($name, $actor, $actor eq 'pool' ? $work->() : as_actor($dbh, $actor, $role, $work)); 1 };
	print "$name $actor ERROR ", $@ =~ tr/\n/ /r, "\n";
}

step('list', 'anna', query('ORDER BY id LIMIT ?', 5));
step('page', 'anna', query('ORDER BY id LIMIT ? OFFSET ?', 5, 20));
step('detail', 'anna', query('WHERE id = ?', 1));
step('update', 'anna', sub {
	my $row = $dbh->selectrow_hashref('SELECT * FROM customer WHERE id = 2');
	$dbh->do('UPDATE customer SET name = ?, phone = ?, city = ? WHERE id = ?', undef, @$row{qw(name phone)}, 'Paris', $row->{id});
	return query("WHERE id = 2 AND city = 'Paris'")->();
});
step('search', 'anna', query('WHERE phone = ?', '0639980001'));
step('missed', 'anna', query('WHERE phone = ?', '0639980007'));
step('insert', 'anna', sub {
	$dbh->do('INSERT INTO customer (name, phone, city) VALUES (?, ?, ?)', undef, 'New', '0639980031', 'Lyon');
	return query('WHERE id = ?', $dbh->last_insert_id(undef, undef, 'customer', undef))->();
});
step('cursor', 'anna', sub {
	$dbh->do("DECLARE customers CURSOR FOR $rows WHERE id <= 8 ORDER BY id");
	my @read;
	while (my @part = @{ $dbh->selectall_arrayref('FETCH 3 FROM customers') })
	{
		push @read, @part;
	}
	return \@read;
});
step('prepared', 'anna', sub {
	my $statement = $dbh->prepare("$rows WHERE id <= ? ORDER BY id", { pg_switch_prepared => 1 });
	return [ map { $statement->execute(2); @{ $statement->fetchall_arrayref } } 1 .. 3 ];
});
step('savepoint', 'anna', sub {
	$dbh->pg_savepoint('twice');
	eval { $dbh->do("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')") } or $dbh->pg_rollback_to('twice');
	return query('WHERE id = ?', 1)->();
});
step('forgotten', 'pool', query('WHERE id <= ? ORDER BY id', 3));
step('found', 'm.dupont', query('WHERE phone = ?', '0639980007'), 'dispatcher');
step('plan', 'm.dupont', query('WHERE id IN (?, ?) ORDER BY id', 8, 9), 'dispatcher');

$dbh->do("SELECT contact_guard.act_as_session('anna')");
say_rows('session', 'anna', query('WHERE id <= ? ORDER BY id', 3)->());
$dbh->do('SELECT contact_guard.act_as_nobody()');
say_rows('nobody', 'pool', query('WHERE id = ?', 1)->());
$dbh->disconnect;
