# What is published: META.json is valid by PGXN's specification, version 1, and true; so is
# what the Debian packages say.  What `make dist` packs is built by 150_build.pl.

use strict;
use warnings;

use Cwd;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = getcwd();
my $meta = eval { JSON::PP->new->utf8->decode(slurp_file('META.json')) };
ok($meta, 'META.json is JSON') or BAIL_OUT($@);
my ($control) = slurp_file('extension/contact_guard.control') =~ /^default_version = '(.*)'/m;
my $semver = qr/(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-?[A-Za-z][0-9A-Za-z-]*)?/;
my $range = qr/(?:(?:==|!=|>=|<=|<|>)\s*)?$semver/;

# 1. META.json as the specification has it
my %known = map { $_ => 1 } qw(name version abstract description maintainer license provides prereqs tags resources
	release_status generated_by no_index meta-spec);
is_deeply([ grep { !$known{$_} && !/^x_/i } keys %$meta ], [], 'it has the fields of the specification alone');
is_deeply([ grep { !exists $meta->{$_} } qw(name version abstract maintainer license provides meta-spec) ], [], '... and all that it requires');
like($meta->{name}, qr/^[^\/\\[:cntrl:]\s]{2,}$/, 'name');
like($meta->{version}, qr/^$semver$/, 'version');
like($meta->{abstract}, qr/\S/, 'abstract');
like($_, qr/\S/, 'maintainer') foreach ref $meta->{maintainer} ? @{ $meta->{maintainer} } : $meta->{maintainer};
like($meta->{license}, qr/^(?:agpl_3|apache_1_1|apache_2_0|artistic_1|artistic_2|bsd|freebsd|gfdl_1_[23]|gpl_[123]|lgpl_2_1|lgpl_3_0|mit|mozilla_1_[01]|openssl|perl_5|postgresql|qpl_1_0|ssleay|sun|zlib|open_source|restricted|unrestricted|unknown)$/,
	'license is one of its words');
like($meta->{'meta-spec'}{version}, qr/^1\.\d+\.\d+$/, 'meta-spec');
foreach my $phase (sort keys %{ $meta->{prereqs} })
{
	like($phase, qr/^(?:configure|build|test|runtime|develop)$/, "prereqs: phase $phase");
	foreach my $relation (sort keys %{ $meta->{prereqs}{$phase} })
	{
		like($relation, qr/^(?:requires|recommends|suggests|conflicts)$/, "... $relation");
		my $of = $meta->{prereqs}{$phase}{$relation};
		like($of->{$_}, qr/^(?:0|$range(?:,\s*$range)*)$/, "... $_") foreach sort keys %$of;
	}
}
my %resource = (homepage => '', bugtracker => { web => 1, mailto => 1 }, repository => { url => 1, web => 1, type => 1 });
foreach my $name (sort keys %{ $meta->{resources} // {} })
{
	my $value = $meta->{resources}{$name};
	ok(defined $resource{$name} && (ref $value ? !grep { !$resource{$name}{$_} } keys %$value : $value =~ m{^https?://}), "resources: $name");
}
ok(!grep({ !/^[^\/\\[:cntrl:]]{1,255}$/ } @{ $meta->{tags} }), 'tags');
foreach my $name (sort keys %{ $meta->{provides} })
{
	my $of = $meta->{provides}{$name};
	like($of->{version}, qr/^$semver$/, "provides $name: version");
	ok(-e $of->{$_}, "... $_") foreach grep { exists $of->{$_} } qw(file docfile);
}

# 2. ... and as the rest of the sources has it
is($meta->{version}, "$control.0", 'its version is that of the extension');
is($meta->{provides}{contact_guard}{version}, $meta->{version}, '... provided too');
is($meta->{provides}{contact_guard}{file}, "extension/contact_guard--$control.sql", '... by its script');
my ($packaged) = slurp_file('debian/changelog') =~ /^contact-guard \((.*)-\d+\) /;
is($packaged, $meta->{version}, 'the packages have the same version');

# The versions of PostgreSQL that compat.h lets build
my ($condition) = slurp_file('src/compat.h') =~ /^(#if (?:.*\\\n)*.*\n#error .*\n#endif\n)/m;
my @builds = grep {
	my ($in, $out) = ($condition, '');
	IPC::Run::run([ 'cc', '-E', "-DPG_VERSION_NUM=${_}0001", '-' ], '<', \$in, '>', \$out, '2>', \$out);
} 12 .. 30;
sub in_range
{
	my ($major) = @_;
	foreach (split /,\s*/, $meta->{prereqs}{runtime}{requires}{PostgreSQL})
	{
		my ($sign, $limit) = /^(\D+?)\s*(\d+)\.0\.0$/ or return 0;
		return 0 unless $sign eq '>=' ? $major >= $limit : $sign eq '<' && $major < $limit;
	}
	return 1;
}
cmp_ok(scalar(@builds), '>', 1, "builds with @builds");
is_deeply([ grep { !in_range($_) } @builds ], [], '... all of which META.json allows');
is_deeply([ grep { in_range($_) } $builds[0] - 1, $builds[-1] + 1 ], [], '... and none before and after');
is_deeply([ grep { /^\d+$/ } split /\n/, slurp_file('debian/pgversions') ], \@builds, '... and for which there are packages');

done_testing();
