# contact_guard: `make` builds, `make install` installs, `make installcheck` tests a
# server that is running, `make demo` plays the story, `make test` runs every test,
# `make soak` the long versions of some.  The last three install what they need.
# CONTRIBUTING.md explains them.

# Where the sources are: here, or elsewhere when this file is read from there by
# `make -f FOLDER/Makefile`.  PGXS says so (srcdir), but only after it is included.
top := $(patsubst %/,%,$(or $(VPATH),$(dir $(firstword $(MAKEFILE_LIST)))))
# files PATTERN...: the files there whose names match, as seen from the top
files = $(patsubst $(top)/%,%,$(sort $(wildcard $(addprefix $(top)/,$(1)))))

MODULE_big = contact_guard
OBJS = $(patsubst %.c,%.o,$(filter-out src/client/%,$(call files,src/*.c src/*/*.c)))
EXTENSION = extension/contact_guard
# The version of the library, of the client and of the newest script.
CG_VERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(top)/$(EXTENSION).control)
DATA = $(call files,extension/contact_guard--*.sql)
# A standby's session asks the primary through libpq, whose headers may be of another version
# than the server's: they come last (-idirafter).
SHLIB_LINK = -lcrypto $(libpq)

# A compiler that we have not met may warn where gcc 12 and clang 14 do not: make WERROR=
WERROR ?= -Werror
# PostgreSQL's headers and hook signatures trip over what follows -Wextra.  With clang
# they trip over the options, too, of the gcc that PostgreSQL was built by.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers $(if $(findstring clang,$(shell $(CC) --version)),\
	-Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes \
	-Wno-cast-function-type-mismatch -Wno-cast-function-type-strict,\
	-Wno-clobbered) $(WERROR) -MMD -MP
# What ereport() ends in is ours, so that no refusal can forget to be a record:
# see src/base/refused.h.
PG_CPPFLAGS = -I$(top)/src -idirafter $(libpq_srcdir) -Derrfinish=cg_refused_errfinish -DCG_VERSION='"$(CG_VERSION)"'
# Debian's PGXS has no dependency tracking of its own: -MMD -MP, and the *.d.
EXTRA_CLEAN = src/*.d src/*/*.d $(CLIENT) src/client/*.o $(BUILT_FOR)

# The client: PGXS knows no program beside a library.  What is pure is compiled
# for it once more, without the server's headers and settings.
CLIENT = src/client/contact-guard
CLIENT_OBJS = $(patsubst %.c,%.o,$(call files,src/client/*.c)) \
	$(patsubst src/common/%.c,src/client/pure-%.o,$(call files,src/common/*.c))
CLIENT_FLAGS = -I$(top)/src -I$(shell $(PG_CONFIG) --includedir) -D_GNU_SOURCE
# It goes where the server's programs are, or to bin of a prefix of its own:
# client_prefix=/usr/local.  A package for one server comes without it: with_client=no.
client_prefix ?=
with_client ?= yes

# Bitcode lets JIT inline a library's functions, of which ours would gain nothing, and
# needs clang: make with_llvm=yes.
ifneq ($(origin with_llvm),command line)
override with_llvm := no
endif

# `make installcheck` runs these in the server that PGHOST and PGPORT name, but for
# PROVE_TESTS, which start servers of their own.  If one of the three is given, what is
# not given is not run.
ifeq ($(strip $(REGRESS) $(ISOLATION) $(PROVE_TESTS)),)
REGRESS ?= $(patsubst sql/%.sql,%,$(call files,sql/*.sql))
ISOLATION ?= $(patsubst test/isolation/specs/%.spec,%,$(call files,test/isolation/specs/*.spec))
PROVE_TESTS ?= $(call files,test/t/*.pl)
endif
REGRESS_OPTS = --load-extension=contact_guard --encoding=UTF8
ISOLATION_OPTS = $(REGRESS_OPTS) --inputdir=$(top)/test/isolation
PROVE_FLAGS ?= --jobs 3 --timer
ifneq ($(strip $(PROVE_TESTS)),)
TAP_TESTS = 1
endif
ifneq ($(strip $(REGRESS) $(ISOLATION)),)
REGRESS_PREP = installcheck-server
endif

ifeq ($(PG_CONFIG),)
PG_CONFIG := $(shell cd $(top) && . test/pg && echo "$$PG_CONFIG")
endif
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(PGXS),)
include $(PGXS)
# A tree that has been built in can be built from elsewhere nevertheless: of what is
# there, only the sources are looked for.
override VPATH :=
vpath %.c $(top)
vpath %.control $(top)
# No compiler makes the folder that its output goes into.
ifneq ($(top),.)
$(shell mkdir -p $(sort $(dir $(OBJS) $(CLIENT_OBJS))))
endif

# Objects that were built for another PostgreSQL are built anew.
BUILT_FOR = src/.built_for
built_for := $(shell $(PG_CONFIG) --version) $(shell $(PG_CONFIG) --includedir-server)
$(BUILT_FOR): FORCE
	@[ "$$(cat $@ 2>/dev/null)" = '$(built_for)' ] || echo '$(built_for)' >$@
FORCE:
.PHONY: FORCE

$(OBJS) $(CLIENT_OBJS): $(firstword $(MAKEFILE_LIST)) $(top)/$(EXTENSION).control $(BUILT_FOR)
# PGXS's rule for bitcode does not see what a source includes.
$(OBJS:.o=.bc): %.bc: %.o
-include $(OBJS:.o=.d) $(CLIENT_OBJS:.o=.d)

ifneq ($(with_client),no)
all: $(CLIENT)
install: install-client
uninstall: uninstall-client
endif
client: $(CLIENT)
$(CLIENT): $(CLIENT_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) $(CLIENT_LDFLAGS) -o $@ $^ -L$(shell $(PG_CONFIG) --libdir) -lpq -lcrypto -lcurl
src/client/%.o: src/client/%.c
	$(CC) $(CFLAGS) $(CLIENT_FLAGS) -DCG_VERSION='"$(CG_VERSION)"' -c -o $@ $<
src/client/pure-%.o: src/common/%.c
	$(CC) $(CFLAGS) $(CLIENT_FLAGS) -c -o $@ $<

client_bin = $(DESTDIR)$(if $(client_prefix),$(client_prefix)/bin,$(bindir))
client_man = $(DESTDIR)$(if $(client_prefix),$(client_prefix)/share/man,$(mandir))/man1
install-client: $(CLIENT)
	$(MKDIR_P) '$(client_bin)' '$(client_man)'
	$(INSTALL_PROGRAM) $(CLIENT) '$(client_bin)/contact-guard'
	$(INSTALL_DATA) $(top)/$(CLIENT).1 '$(client_man)/contact-guard.1'
uninstall-client:
	rm -f '$(client_bin)/contact-guard' '$(client_man)/contact-guard.1'

# Says what the server lacks before thirty tests say it, each in its own way.
installcheck-server:
	@PATH='$(bindir)':"$$PATH" $(top)/test/ready $(CG_VERSION)
installcheck: export TEMP_CONFIG = $(abspath $(top)/test/contact_guard.conf)
installcheck: export LANG = C.UTF-8
.PHONY: client install-client uninstall-client installcheck-server
else
# demo and test must work where nothing is installed yet.
all install installcheck:
	@echo "$(PG_CONFIG): not found; test/setup installs what the build needs" >&2; exit 1
endif

.PHONY: demo test soak sanitize matrix apps dist deb deb-test upgrade-test mediation-table smith core relay independent bench bench-cost format
demo:
	KEEP=$(KEEP) $(top)/test/demo/run

# Builds in the tree of the sources, wherever make is run from.
test:
	$(top)/test/run

# What takes minutes: 200 crashes, 24 failovers, a result of 10 million rows, load for a minute.
soak:
	CG_SOAK=1 $(top)/test/run tap 021_crash 035_clients 042_lag 105_client 120_hostile 137_growth 175_failovers

# All tests on a PostgreSQL with assertions, some with AddressSanitizer and
# UndefinedBehaviorSanitizer; builds both in a cache when they are not there.  And the client
# with these, by gcc and clang.
sanitize:
	$(top)/test/sanitize/run

# The whole test command for each PostgreSQL that contact_guard is for, each in a chroot
# of the Debian that has it; not part of `make test`.
matrix:
	$(top)/test/matrix/run $(RELEASES)

# Django, JDBC, PgBouncer and others, as real packages in a chroot, against a guarded CRM:
# docs/compatibility.md.  Not part of `make test`.
apps:
	$(top)/test/apps/run $(TOOLS)

# contact_guard-VERSION.tar.gz, and the same as .zip for PGXN: what the last commit has.
DIST = contact_guard-$(shell sed -n 's/^   "version": "\(.*\)",/\1/p' $(top)/META.json)
DIST_DIR = .
dist:
	@git -C $(top) -c safe.directory='*' rev-parse HEAD >/dev/null || \
		{ echo "make dist needs git and its repository: it packs the last commit" >&2; exit 1; }
	git -C $(top) -c safe.directory='*' archive --prefix=$(DIST)/ -o $(abspath $(DIST_DIR))/$(DIST).tar.gz HEAD
	git -C $(top) -c safe.directory='*' archive --prefix=$(DIST)/ -o $(abspath $(DIST_DIR))/$(DIST).zip HEAD

# Debian packages, each release's built in a chroot of it; and these installed on a fresh one,
# used, upgraded from 1.0 and removed.  RELEASES="bookworm trixie testing", bookworm alone
# if nothing is said.
deb:
	$(top)/test/packages/build $(RELEASES)

deb-test: deb
	$(top)/test/packages/run $(RELEASES)

# pg_upgrade from 15 to 17 and from 17 to 18, in chroots that have two servers.
upgrade-test:
	$(top)/test/pgupgrade/run $(VERSIONS)

# docs/mediation.md: each case of test/mediation, and what came of it.
mediation-table:
	$(top)/test/mediation/table

# Two long tests that are not part of `make test`: sqlsmith as a technician, and
# PostgreSQL's own regression suite with and without the library.
smith:
	$(top)/test/smith/run $(STATEMENTS)

core:
	$(top)/test/core/run

# The gateway of examples/relay between two telephones.  Needs root, for apt.
relay:
	$(top)/test/relay/run

# Evidence checked by Go's and Sigstore's libraries; by openssl it is in `make test`.
independent:
	$(top)/test/independent/run

# What the project promises to be fast at: figures and goals, beside what others cost.
# Settings that begin with BENCH_ choose and size: see test/bench/run.
bench:
	$(top)/test/bench/run

# Instructions of a read, of a write and of who touches nothing guarded.
bench-cost:
	$(top)/test/bench/cost

# The layout of the C sources, by the program that PostgreSQL's own have it from.
format:
	cd $(top) && test/format $(FILES)
