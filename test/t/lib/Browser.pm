# Opens pages in headless Chromium, where it is installed.
package Browser;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(browser look requests);

# The program; undef: it is not installed.
sub browser
{
	my ($found) = grep { -x } map { ("$_/chromium", "$_/chromium-browser") } split /:/, $ENV{PATH};
	return $found;
}

# look(FOLDER, FILE, OPTION...): opens the file, with what Chromium writes for itself in the
# folder.  Returns what it prints, and what it says.
sub look
{
	my ($folder, $file, @options) = @_;
	my ($dom, $said) = ('', '');
	local $ENV{HOME} = $folder;
	IPC::Run::run([ browser(), qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run),
			"--user-data-dir=$folder/browser", '--host-resolver-rules=MAP * ~NOTFOUND', "--log-net-log=$folder/net.json",
			@options, "file://$file" ],
		'>', \$dom, '2>', \$said, IPC::Run::timeout($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180));
	return ($dom, $said);
}

# What the last page has asked the network for, in one line.  Chromium's own requests do not count.
sub requests
{
	my ($folder) = @_;
	my $log = -e "$folder/net.json" ? slurp_file("$folder/net.json") : return 'no log of the network';
	my %asked = map { $_ => 1 } grep { /^(?:https?|wss?|ftp):/ && !m{^https?://[\w.-]*(?:google|googleapis|gstatic|gvt1)\.com[:/]} } $log =~ /"url":"([^"]*)"/g;
	return join ' ', sort keys %asked;
}

1;
