# contact_guard: `make` builds, `make install` installs, `make demo` plays the
# story, `make test` runs every test, `make soak` the long versions of some.  The
# last three install what they need.

MODULE_big = contact_guard
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c) $(filter-out src/client/%,$(wildcard src/*/*.c))))
EXTENSION = extension/contact_guard
DATA = $(sort $(wildcard extension/contact_guard--*.sql))
SHLIB_LINK = -lcrypto

# A compiler that we have not met may warn where gcc 12 does not: make WERROR=
WERROR = -Werror
# PostgreSQL's headers and hook signatures trip over what follows -Wextra.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-clobbered $(WERROR)
# Debian's PGXS has no dependency tracking of its own.
# What ereport() ends in is ours, so that no refusal can forget to be a record:
# see src/base/refused.h.
PG_CPPFLAGS = -I$(srcdir)/src -MMD -MP -Derrfinish=cg_refused_errfinish
EXTRA_CLEAN = src/*.d src/*/*.d $(CLIENT) src/client/*.o

# The client: PGXS knows no program beside a library.  What is pure is compiled
# for it once more, without the server's headers and settings.
CLIENT = src/client/contact-guard
CLIENT_OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/client/*.c))) \
	$(patsubst src/common/%.c,src/client/pure-%.o,$(sort $(wildcard src/common/*.c)))
CLIENT_VERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/contact_guard.control)
CLIENT_FLAGS = $(WERROR) -Wall -Wextra -I$(srcdir)/src -I$(shell $(PG_CONFIG) --includedir) -D_GNU_SOURCE -MMD -MP

# Bitcode for JIT inlining would need clang, and would inline nothing of ours.
override with_llvm := no

# PGXS would run the tests in whatever server happens to run, which has not
# preloaded the library.
NO_INSTALLCHECK = 1

# Debian's plain pg_config answers for the newest PostgreSQL that is installed.
PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(PGXS),)
include $(PGXS)
$(OBJS): Makefile
-include $(OBJS:.o=.d)

all: $(CLIENT)
$(CLIENT): $(CLIENT_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -L$(shell $(PG_CONFIG) --libdir) -lpq -lcrypto
src/client/%.o: src/client/%.c
	$(CC) $(CFLAGS) $(CLIENT_FLAGS) -DCG_VERSION='"$(CLIENT_VERSION)"' -c -o $@ $<
src/client/pure-%.o: src/common/%.c
	$(CC) $(CFLAGS) $(CLIENT_FLAGS) -c -o $@ $<
$(CLIENT_OBJS): Makefile
-include $(CLIENT_OBJS:.o=.d)

install: install-client
install-client: $(CLIENT)
	$(MKDIR_P) '$(DESTDIR)$(bindir)' '$(DESTDIR)$(mandir)/man1'
	$(INSTALL_PROGRAM) $(CLIENT) '$(DESTDIR)$(bindir)/contact-guard'
	$(INSTALL_DATA) $(CLIENT).1 '$(DESTDIR)$(mandir)/man1/contact-guard.1'
uninstall: uninstall-client
uninstall-client:
	rm -f '$(DESTDIR)$(bindir)/contact-guard' '$(DESTDIR)$(mandir)/man1/contact-guard.1'
.PHONY: install-client uninstall-client
else
# demo and test must work where nothing is installed yet.
all install:
	@echo "$(PG_CONFIG): not found; test/setup installs what the build needs" >&2; exit 1
endif

.PHONY: sanitize bench-cost demo test soak installcheck mediation-table smith core bench independent
demo:
	KEEP=$(KEEP) test/demo/run

test installcheck:
	test/run

# What takes minutes: 200 crashes, a result of 10 million rows, load for a minute.
soak:
	CG_SOAK=1 test/run tap 021_crash 035_clients 042_lag 105_client 120_hostile 137_growth

# All tests on a PostgreSQL with assertions, some with AddressSanitizer and
# UndefinedBehaviorSanitizer; builds both in a cache when they are not there.
sanitize:
	test/sanitize/run

# docs/mediation.md: each case of test/mediation, and what came of it.
mediation-table:
	test/mediation/table

# Two long tests that are not part of `make test`: sqlsmith as a technician, and
# PostgreSQL's own regression suite with and without the library.
smith:
	test/smith/run $(STATEMENTS)

core:
	test/core/run

# Evidence checked by Go's and Sigstore's libraries; by openssl it is in `make test`.
independent:
	test/independent/run

# What the project promises to be fast at: figures and goals, in some minutes.
bench:
	ROWS=$(ROWS) test/bench/run

# What the guard costs a read, a write and who touches nothing guarded.
bench-cost:
	test/bench/cost
