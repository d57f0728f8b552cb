# What src/policy/builtins.c, parsed.c and quiet.c rest on: the marks of PostgreSQL's
# own functions, as its initial catalog has them (postgres.bki), and where messages
# come from, as the names of sources in its programs say.
use strict;
use warnings;

my (%functions, %oid_of);
chomp(my ($share, $libraries, $programs) = map { `. test/pg && "\$PG_CONFIG" $_` } qw(--sharedir --pkglibdir --bindir));

read_catalog();

# The rows of pg_proc, by OID: { proname, provolatile, … }
sub read_catalog
{
	my ($columns, $rows) = slurp("$share/postgres.bki") =~ /^create pg_proc .*?\n \(\n(.*?)\n \)\n(.*?)^close pg_proc/ms;
	my @columns = ($columns // '') =~ /^ (\w+) = /mg;

	while (($rows // '') =~ /^insert \( (.*) \)$/mg)
	{
		my @values = map { s/^'(.*)'$/$1/r } $1 =~ /('(?:[^']|'')*'|\S+)/g;
		my %row;

		@row{@columns} = @values;
		$functions{ $row{oid} } = \%row;
	}
	%oid_of = header('utils/fmgroids.h') =~ /^#define (F_\w+) (\d+)/mg;
	# Names of other versions, which compat.h gives to this one's
	my %names = slurp('src/compat.h') =~ /^#define (F_\w+) (F_\w+)/mg;
	$oid_of{$_} //= $oid_of{ $names{$_} } foreach keys %names;
	return;
}

# Does more than compute, or runs queries: see builtins.h
sub is_marked
{
	my ($row) = @_;

	return $row->{provolatile} eq 'v' || ($row->{proparallel} ne 's' && $row->{pronargs} > 0);
}

sub names_of
{
	my %names = map { $_->{proname} => 1 } @_;

	return keys %names;
}

# The names of the functions of a list in builtins.c
sub allowed
{
	my ($list) = @_;
	my ($body) = slurp('src/policy/builtins.c') =~ /^static const Oid \Q$list\E\[\] = \{(.*?)\};/ms;

	return names_of(map { $functions{ $oid_of{$_} } } grep { $oid_of{$_} } ($body // '') =~ /(F_\w+)/g);
}

# The strings of one of quiet.c's lists
sub strings_of
{
	my ($list) = @_;
	my ($body) = slurp('src/policy/quiet.c') =~ /^static const char \*const \Q$list\E\[\] = \{(.*?)\};/ms;

	return ($body // '') =~ /"([^"]+)"/g;
}

# The server's program and libraries, ours left out
sub binaries
{
	return ("$programs/postgres", grep { !m{/contact_guard\.so$} } glob("$libraries/*.so"));
}

# Where a source of one of quiet.c's names is: commands/trigger.c, plpgsql.so:src/x.c,
# contact_guard:src/log/apply.c.  A server that was built in its own source tree knows no
# folders, and then says nothing.
sub places
{
	my %wanted = map { $_ => 1 } strings_of('sources');
	my %found;
	my @unknown;

	foreach my $binary (binaries())
	{
		my ($library) = $binary =~ m{([^/]+\.so)$};

		foreach my $path (slurp($binary) =~ m{([\w./+-]*/[\w+-]+\.c)\0}g)
		{
			next unless $path =~ m{([^/]+)$} && $wanted{$1};
			$path =~ s{^.*?src/backend/}{} unless $library;
			$path =~ s{^[./]*(?:build/\.\./)?}{};
			$found{ $library ? "$library:$path" : $path } = 1;
		}
	}
	foreach my $path (glob('src/*.c src/*/*.c'))
	{
		$found{"contact_guard:$path"} = 1 if $path =~ m{([^/]+)$} && $wanted{$1} && $path !~ m{^src/client/};
	}
	# Then what is listed is taken for right.
	push @unknown, slurp('test/census.d/sources') =~ m{^([\w/]+\.c)\s}mg unless grep { !/:/ } keys %found;
	return (keys %found, @unknown);
}

# Who has a function of one of quiet.c's names: plpgsql.so:exec_stmt_raise
sub speakers
{
	my @names = strings_of('speakers');
	my @found;

	foreach my $binary (binaries())
	{
		my $content = slurp($binary);
		my ($file) = $binary =~ m{([^/]+)$};

		push @found, map { "$file:$_" } grep { $content =~ /\0\Q$_\E\0/ } @names;
	}
	return @found;
}

# Those that say so in their line: "where installed", "not in every minor release"
sub optional
{
	my ($file) = @_;

	return [ slurp($file) =~ /^(\S+)\s.*\b(?:where installed|not in every minor release)\b/mg ];
}

my $words = 'test/census.d/functions';

[
	{
		name => 'built-in function that does more than compute',
		where => 'the server\'s catalog',
		members => sub { names_of(grep { is_marked($_) } values %functions) },
		listed => [ $words, qr/^(\w+)\s+(?!text\b)\S/m ],
		optional => optional($words),
	},
	{
		name => 'built-in function of builtins.c that leaves its arguments to nobody',
		where => 'src/policy/builtins.c',
		members => sub { allowed('keeps') },
		listed => [ $words, qr/^(\w+)\s+(?:\w+,)*keeps\b/m ],
	},
	{
		name => 'built-in function of builtins.c that writes nothing',
		where => 'src/policy/builtins.c',
		members => sub { allowed('writes_nothing') },
		listed => [ $words, qr/^(\w+)\s+(?:\w+,)*writes-nothing\b/m ],
	},
	{
		name => 'built-in function of builtins.c for definitions',
		where => 'src/policy/builtins.c',
		members => sub { grep { $_ ne 'satisfies_hash_partition' } allowed('definitions') },
		listed => [ $words, qr/^(\w+)\s+(?:\w+,)*definition\b/m ],
	},
	{
		name => 'built-in SQL function whose body is a text',
		where => 'the server\'s catalog',
		members => sub { names_of(grep { $_->{prolang} eq '14' && $_->{prosrc} ne 'see system_functions.sql' } values %functions) },
		listed => [ $words, qr/^(\w+)\s+text\b/m ],
	},
	{
		name => 'source that bears a name of quiet.c',
		where => 'the programs',
		members => sub { places() },
		listed => [ 'test/census.d/sources', qr/^(\S+\.c)\s/m ],
		optional => optional('test/census.d/sources'),
	},
	{
		name => 'function that bears a name of quiet.c',
		where => 'the programs',
		members => sub { speakers() },
		listed => [ 'test/census.d/sources', qr/^(\S+:\w+)\s/m ],
		optional => optional('test/census.d/sources'),
	},
];
