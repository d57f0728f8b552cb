#!/usr/bin/perl
# What an administrator does with contact_guard on a fresh Debian, as root of a chroot;
# test/packages/run starts it there.
#
#   story.pl packages RELEASE VERSION    with the packages of packages/RELEASE
#   story.pl sources RELEASE VERSION     as README.md installs from the sources
use strict;
use warnings;

use FindBin;

BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} ||= 3600 }	# building and testing count

use lib "$FindBin::RealBin/../t/lib";
use Docs;
use Test::More;

my ($part, $release, $version) = @ARGV;
my $top = "$FindBin::RealBin/../..";
chdir $top or die "$top: $!";
$ENV{PGUSER} = 'postgres';
my $dir = '/root';

sub slurp { my ($file) = @_; open my $fh, '<', $file or die "$file: $!"; local $/; return <$fh> }
sub spew { my ($file, $text) = @_; open my $fh, '>', $file or die "$file: $!"; print $fh $text; return close $fh }

# shell(NAME, COMMAND): a test; returns what is printed
sub shell
{
	my ($name, $command, $where) = @_;
	my ($ok, $out) = run_shell($command, $where // $top);
	ok($ok, $name) or diag($out);
	return $out;
}

# sql(DATABASE, STATEMENTS, ROLE): what is printed, errors too
sub sql
{
	my ($database, $sql, $role) = @_;
	my ($out, $in) = ('', $sql);
	IPC::Run::run([ 'psql', '-XAtq', '-d', $database, '-U', $role // 'postgres', '-f', '-' ], '<', \$in, '>&', \$out);
	chomp $out;
	return $out;
}

# The first block of commands behind a line of a page, for the PostgreSQL and the release
# that are here
sub block
{
	my ($page, $line) = @_;
	my ($code) = slurp($page) =~ /^\Q$line\E\n.*?^```sh\n(.*?)^```$/ms or die "$page has no commands behind $line";
	return $code =~ s/\b15\b/$version/gr =~ s/\bbookworm\b/$release/gr;
}

# Roles of the tests may log in; and the library is loaded, or not
sub set_up_cluster
{
	my ($cluster, $library) = @_;
	my $etc = "/etc/postgresql/$version/$cluster";
	my $hba = slurp("$etc/pg_hba.conf");
	spew("$etc/pg_hba.conf", "local all all trust\n$hba") if $hba !~ /^local all all trust/;
	spew("$etc/conf.d/contact_guard.conf", "shared_preload_libraries = '$library'\nmax_worker_processes = 16\n");
	return shell("cluster $cluster starts " . ($library ? 'with' : 'without') . ' the library', "pg_ctlcluster $version $cluster restart");
}

sub files { return join "\n", grep { !m{^/contact_guard$|^/(?:contact_guard|proc|sys|dev|tmp|var/log|var/lib/(?:postgresql|apt)|var/cache)/|^/etc/(?:contact_guard|postgresql/)|^/root/} } split /\n/, `find / -xdev -iname '*contact*guard*'` }

if ($part eq 'sources')
{
	# As an ordinary user, who has only what make dist packs
	my $block = block('README.md', '## Install');
	shell('an ordinary user unpacks the sources', "useradd -m user; echo 'user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/user
		cp -r $top /home/user/contact_guard; rm -rf /home/user/contact_guard/packages; chown -R user: /home/user/contact_guard");
	spew('/home/user/block', "set -ex\ncd /home/user/contact_guard\n$block");
	shell('... and installs them as README.md says', 'su - user -c "sh /home/user/block"');
	set_up_cluster('main', 'contact_guard');
	is(sql('postgres', "SET client_min_messages = error; CREATE EXTENSION contact_guard; SELECT guard FROM contact_guard.status()"), 'on', 'the extension is there');
	like(shell('so is the client', 'contact-guard --version'), qr/contact.guard.*\d/, '... with a version');
	my $removal = block('docs/operations.md', '<!-- test uninstall -->');
	spew('/home/user/block', "set -ex\ncd /home/user/contact_guard\n$removal");
	shell('and is removed as docs/operations.md says', 'su - user -c "sh /home/user/block"');
	is(join("\n", grep { !m{^/home} } split /\n/, files()), '', '... without a rest');
	done_testing();
	exit;
}

# 1. Installation
is(files(), '', 'nothing is there before');
shell('apt installs the packages, as docs/operations.md says', block('docs/operations.md', '<!-- test deb -->'));
like(shell('the client is in the path', 'contact-guard --version'), qr/contact.guard.*\d/, '... with a version');
shell('... with a man page', 'test -s /usr/share/man/man1/contact-guard.1.gz');
like(shell('the library says what it needs, where it is not loaded', "pg_ctlcluster $version main start; psql -h /var/run/postgresql -l >/dev/null 2>&1 || :; sudo -u postgres psql -c 'CREATE EXTENSION contact_guard' 2>&1 || :"),
	qr/ERROR:.*shared_preload_libraries/s, '... in an error of CREATE EXTENSION');
set_up_cluster('main', 'contact_guard');

# 2. README.md
shell('createdb, as README.md says', 'sudo -u postgres createdb contact_demo');
run_examples('README.md', slurp('README.md'), $dir);

# 3. An upgrade from 1.0, whose objects and rows test/upgrade has
my $upgrade = "$top/test/upgrade";
shell('another cluster', "pg_createcluster $version old");
set_up_cluster('old', 'contact_guard');
($ENV{PGPORT}) = slurp("/etc/postgresql/$version/old/postgresql.conf") =~ /^port = (\d+)/m or die;
shell('... with the key that 1.0 had', "install -d -o postgres -m 700 /etc/contact_guard/old; install -o postgres -m 600 $upgrade/1.0.key /etc/contact_guard/old/key");
sql('postgres', "ALTER SYSTEM SET contact_guard.signing_key_file = '/etc/contact_guard/old/key'");
sql('postgres', 'CREATE DATABASE crm');
shell('... its roles', "psql -X -v ON_ERROR_STOP=1 -d postgres -f $upgrade/site.sql");
unlike(sql('crm', "CREATE EXTENSION contact_guard VERSION '1.0'"), qr/ERROR/, '... and version 1.0');
sql('postgres', 'GRANT contact_guard_admin TO officer; GRANT contact_guard_auditor TO auditor');
set_up_cluster('old', '');
shell('... with what it had stored', "{ echo 'SET allow_system_table_mods = on;'; cat $upgrade/1.0.sql; } | psql -X -v ON_ERROR_STOP=1 -d crm -f -");
my $checkpoint = sql('crm', 'SELECT note FROM contact_guard.signed_checkpoint ORDER BY size DESC LIMIT 1');
spew("$dir/checkpoint", $checkpoint);
set_up_cluster('old', 'contact_guard');
like(sql('crm', 'SELECT phone FROM crm.customer WHERE id = 1', 'anna'), qr/ERROR:.*HINT:  Run ALTER EXTENSION contact_guard UPDATE/s, 'before the update nothing is shown');
unlike(sql('crm', 'ALTER EXTENSION contact_guard UPDATE'), qr/ERROR/, 'ALTER EXTENSION UPDATE');
is(sql('crm', 'SELECT phone FROM crm.customer WHERE id IN (1, 50) ORDER BY id', 'anna'), "0600000001\n06*******0", '... anna sees what she may');
is(sql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE reason LIKE 'update of extension %'"), 1, '... it is a record');
shell('... and the log verifies against a checkpoint of 1.0', "psql -XAtqc 'SELECT contact_guard.verification_key()' -d crm >vkey
	contact-guard verify 'dbname=crm user=auditor' --vkey vkey --checkpoint checkpoint", $dir);
delete $ENV{PGPORT};

# 4. debian/tests, of the source for this release: debian/control names the servers of another one
shell('debian/tests', 'apt-get install -q --no-install-recommends autopkgtest postgresql-server-dev-all >/dev/null && mkdir -p /tmp/tests &&
	cp -r /contact_guard /tmp/source && (cd /tmp/source && pg_buildext updatecontrol) &&
	autopkgtest --no-built-binaries --output-dir /tmp/tests/out /tmp/source -- null 2>&1 | tail -n 60; cat /tmp/tests/out/summary; tail -n 60 /tmp/tests/out/installcheck-std*; ! grep -v " PASS" /tmp/tests/out/summary && grep " PASS" /tmp/tests/out/summary');

# 5. Removed too early, and put back
shell('the server package is removed', "apt-get remove -q postgresql-$version-contact-guard");
my (undef, $out) = run_shell("pg_ctlcluster $version old restart; tail -n 5 /var/log/postgresql/postgresql-$version-old.log", $top);
like($out, qr/could not access file "contact_guard"/, '... a server that is still to load it does not start, and shows nothing');
shell('... and is installed again', block('docs/operations.md', '<!-- test deb -->'));
set_up_cluster('old', 'contact_guard');
$ENV{PGPORT} = 5433;
is(sql('crm', 'SELECT phone FROM crm.customer WHERE id IN (1, 50) ORDER BY id', 'anna'), "0600000001\n06*******0", '... with its policies');
delete $ENV{PGPORT};

# 6. The end
foreach my $of ([ 'main', 5432, 'contact_demo' ], [ 'old', 5433, 'crm' ])
{
	my ($cluster, $port, $database) = @$of;
	$ENV{PGPORT} = $port;
	unlike(sql($database, 'SELECT contact_guard.retire(); DROP EXTENSION contact_guard; DROP SCHEMA contact_guard'), qr/ERROR/, "$cluster: DROP EXTENSION");
	set_up_cluster($cluster, '');
	is(sql('postgres', q(SELECT pg_drop_replication_slot('contact_guard'); SELECT count(*) FROM pg_replication_slots)), "\n0", '... and the slot');
}
delete $ENV{PGPORT};
shell('purge', "apt-get purge -q postgresql-$version-contact-guard contact-guard");
is(files(), '', '... leaves nothing');
shell("cluster $_ goes on without", "pg_ctlcluster $version $_ restart") foreach qw(main old);
shell('stop', "pg_ctlcluster $version $_ stop") foreach qw(main old);
done_testing();
