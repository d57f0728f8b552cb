# Tool: Request Tracker
# Packages: request-tracker5 rt5-db-postgresql libdbd-pg-perl
# With: `act_as_session()` in a callback of the site, because it works in autocommit mode
# Version: dpkg-query -W -f '${Version}' request-tracker5 | sed 's/[+-].*//'
# Command: perl tools/request_tracker.pl
# Its own tables: users, of which four columns are guarded; the customer's number is in Organization.
# The login that RT has owns them.
use strict;
use warnings;

my ($folder, $database, $rt) = (@ENV{qw(APP_SOCKET PGDATABASE)}, '/usr/share/request-tracker5');

sub boss
{
	my ($sql) = @_;
	system(qw(runuser -u postgres -- /usr/lib/postgresql/15/bin/psql -XAtq -o /dev/null -v ON_ERROR_STOP=1 -U postgres -h), $folder, '-c', $sql) == 0 or die "$sql: failed\n";
}

sub configure
{
	mkdir "$folder/rt.d";
	open my $conf, '>', "$folder/rt.pm" or die $!;
	print $conf "Set(\$$_->[0], '$_->[1]');\n" foreach ['rtname', 'crm.invalid'], ['Organization', 'crm.invalid'], ['WebDomain', 'localhost'],
	  ['DatabaseType', 'Pg'], ['DatabaseHost', $folder], ['DatabasePort', $ENV{PGPORT}], ['DatabaseName', $database], ['DatabaseUser', 'pool'],
	  ['DatabasePassword', 'pool'], ['LogToSyslog', ''], ['LogToSTDERR', 'error'], ['SendmailPath', '/bin/true'], ['MailCommand', 'testfile'];
	print $conf "1;\n";
	close $conf or die $!;
	@ENV{qw(RT_SITE_CONFIG RT_SITE_CONFIG_DIR)} = ("$folder/rt.pm", "$folder/rt.d");
}

boss('GRANT CREATE ON SCHEMA public TO pool');
configure();
foreach my $action ('schema,coredata', "insert --datafile $rt/etc/initialdata")
{
	system("rt-setup-database-5 --action $action --skip-create --dba pool --dba-password pool >&2") == 0 or die "no database of RT\n";
}
unshift @INC, "$rt/lib";
require RT;
RT::LoadConfig();
RT::Init();

sub user
{
	my ($name, %fields) = @_;
	my $user = RT::User->new(RT->SystemUser);
	my ($id, $message) = $user->Create(Name => $name, EmailAddress => "$name\@crm.invalid" =~ s/ //gr, %fields);
	$id or die "$name: $message\n";
	return $user;
}
user(sprintf('customer %02d', $_), Organization => $_, MobilePhone => sprintf('06399800%02d', $_)) foreach 1 .. 30;
user($_, Privileged => 1) foreach qw(anna m.dupont);
# All customer keys of a database are of one kind.
boss("SELECT contact_guard.forget_interventions('visit'), contact_guard.unprotect('customer')");
boss("CREATE TABLE job (id int PRIMARY KEY, customer varchar(200), technician text, starts_at timestamptz, ends_at timestamptz);
	CREATE INDEX ON job (technician, starts_at);
	INSERT INTO job VALUES (1, '1', 'anna', now() - interval '5 minutes', now() + interval '2 hours');
	SELECT contact_guard.use_interventions('job', id => 'id', customer => 'customer', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at', open_when => 'true');
	SELECT contact_guard.protect('users', customer => 'organization', columns => '{homephone,workphone,mobilephone,pagerphone}', mask => 'partial(4,2)')");

# Stands for RT's web server, which calls the callbacks, and has the user of the session
our %session;

# recipe: autocommit
# In local/html/Callbacks/Site/autohandler: the callback Session begins a request as nobody, and
# the callback Default names the user, who has logged in by then.
sub callback_session
{
	$RT::Handle->dbh->do('SELECT contact_guard.act_as_nobody()');
}

sub callback_default
{
	my ($name, $role) = ($session{CurrentUser}->Name, $session{CurrentUser}->role);
	$RT::Handle->dbh->do('SELECT contact_guard.act_as_session(?, role => ?)', undef, $name, $role);
}
# end of recipe

sub RT::CurrentUser::role { return $_[0]->Name eq 'm.dupont' ? 'dispatcher' : undef }

# users(LIMIT...): customers, as RT's pages search them
sub users
{
	my @limits = @_;
	my $users = RT::Users->new(RT->SystemUser);
	$users->Limit(FIELD => 'Name', OPERATOR => 'STARTSWITH', VALUE => 'customer ');
	$users->Limit(%$_) foreach @limits;
	$users->OrderBy(FIELD => 'id', ORDER => 'ASC');
	return $users;
}

sub page
{
	my ($number) = @_;
	my $users = users();
	$users->RowsPerPage(5);
	$users->GotoPage($number - 1);
	return @{ $users->ItemsArrayRef };
}

sub load
{
	my ($number) = @_;
	my $user = RT::User->new(RT->SystemUser);
	$user->Load(sprintf 'customer %02d', $number);
	return $user;
}

sub step
{
	my ($name, $actor, $work) = @_;
	callback_session();
	RT::CurrentUser->FlushCache if RT::CurrentUser->can('FlushCache');
	DBIx::SearchBuilder::Record::Cachable->FlushCache;
	my @read = eval {
		if ($actor ne 'pool')
		{
			$session{CurrentUser} = RT::CurrentUser->new;
			$session{CurrentUser}->Load($actor);
			callback_default();
		}
		map { $_->Organization . '=' . $_->MobilePhone } $work->();
	};
	print join(' ', $name, $actor, $@ ? 'ERROR ' . $@ =~ s/\n/ /gr : @read), "\n";
}

sub update
{
	my $user = load(2);
	my ($done, $message) = $user->SetCity('Paris');
	$done or die "$message\n";
	$user->SetMobilePhone($user->MobilePhone);
	$user = load(2);
	return $user->City eq 'Paris' ? $user : ();
}

$| = 1;
step('list', 'anna', sub { page(1) });
step('page', 'anna', sub { page(5) });
step('detail', 'anna', sub { load(1) });
step('update', 'anna', \&update);
step('search', 'anna', sub { @{ users({ FIELD => 'MobilePhone', VALUE => '0639980001' })->ItemsArrayRef } });
step('missed', 'anna', sub { @{ users({ FIELD => 'MobilePhone', VALUE => '0639980007' })->ItemsArrayRef } });
step('forgotten', 'pool', sub { map { load($_) } 1 .. 3 });
step('found', 'm.dupont', sub { @{ users({ FIELD => 'MobilePhone', VALUE => '0639980007' })->ItemsArrayRef } });
step('plan', 'm.dupont', sub { map { load($_) } 8, 9 });
boss("DO \$\$BEGIN ASSERT (SELECT every(mobilephone = '06399800' || to_char(organization::int, 'FM00')) FROM users WHERE organization IS NOT NULL); END\$\$");
