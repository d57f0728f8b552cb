# contact_guard: `make` builds, `make install` installs, `make demo` plays the
# story, `make test` runs every test, `make soak` the long versions of some.  The
# last three install what they need.

MODULE_big = contact_guard
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
EXTENSION = extension/contact_guard
DATA = $(sort $(wildcard extension/contact_guard--*.sql))
SHLIB_LINK = -lcrypto

# A compiler that we have not met may warn where gcc 12 does not: make WERROR=
WERROR = -Werror
# PostgreSQL's headers and hook signatures trip over what follows -Wextra.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-clobbered $(WERROR)
# Debian's PGXS has no dependency tracking of its own.
PG_CPPFLAGS = -Isrc -MMD -MP
EXTRA_CLEAN = src/*.d

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
else
# demo and test must work where nothing is installed yet.
all install:
	@echo "$(PG_CONFIG): not found; test/setup installs what the build needs" >&2; exit 1
endif

.PHONY: demo test soak installcheck mediation-table smith core
demo:
	KEEP=$(KEEP) test/demo/run

test installcheck:
	test/run

# What takes minutes: 200 crashes, a result of 10 million rows, load for a minute.
soak:
	CG_SOAK=1 test/run tap 021_crash 035_clients 042_lag

# docs/mediation.md: each case of test/mediation, and what came of it.
mediation-table:
	test/mediation/table

# Two long tests that are not part of `make test`: sqlsmith as a technician, and
# PostgreSQL's own regression suite with and without the library.
smith:
	test/smith/run $(STATEMENTS)

core:
	test/core/run
