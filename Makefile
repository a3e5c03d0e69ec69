# Slipway. `make help` lists the targets.
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla -Wformat=2 -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
OPT ?= -O2 -g $(HARDEN)
WERROR ?=
STD := -std=c17 -D_GNU_SOURCE -I.
LDHARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE

PKGS_SHARED := jansson libevent_core
PKGS_CONSOLE := $(PKGS_SHARED) ncursesw
PKGS_ENGINE := $(PKGS_SHARED) libevent_extra libcurl sqlite3 libarchive expat libcrypto
PKGS_TEST := cmocka vterm libpng freetype2
PKGS_DEMO := libevent_core libevent_extra

# pkg-config is asked once for each list, when it is first needed. Programs need their own libraries only, tests all.
ask_pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
CFLAGS_PKG = $(eval CFLAGS_PKG := $$(foreach p,$(sort $(PKGS_CONSOLE) $(PKGS_ENGINE) $(PKGS_TEST)),$$(call ask_pkg,--cflags,$$(p))))$(CFLAGS_PKG)
LIBS_CONSOLE = $(eval LIBS_CONSOLE := $$(call ask_pkg,--libs,$(PKGS_CONSOLE)) -lhttp_parser)$(LIBS_CONSOLE)
LIBS_ENGINE = $(eval LIBS_ENGINE := $$(call ask_pkg,--libs,$(PKGS_ENGINE)))$(LIBS_ENGINE)
LIBS_DEMO = $(eval LIBS_DEMO := $$(call ask_pkg,--libs,$(PKGS_DEMO)))$(LIBS_DEMO)
LIBS_OF_TESTS = $(eval LIBS_OF_TESTS := $$(call ask_pkg,--libs,$(PKGS_TEST)))$(LIBS_OF_TESTS)
LIBS_TEST = $(LIBS_OF_TESTS) $(LIBS_ENGINE) $(LIBS_CONSOLE)

CFLAGS_ALL = $(STD) $(WARN) $(WERROR) $(OPT) $(EXTRA) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_PKG)
LDFLAGS_ALL = $(LDHARDEN) $(OPT) $(EXTRA) $(LDFLAGS)

# Floors: who may be linked into what. The layer check holds the includes against the same order.
FLOORS_SHARED := backend/base backend/config backend/proto
FLOORS_CONSOLE := $(FLOORS_SHARED) backend/client tui views/command views
FLOORS_ENGINE := $(FLOORS_SHARED) backend/artifact backend/process backend/http backend/store backend/report \
	backend/drivers backend/drivers/host backend/engine backend/engine/gates backend/api

objects = $(patsubst %.c,$(BUILD)/%.o,$(filter-out views/main.c,$(foreach f,$(1),$(wildcard $(f)/*.c))))
CONSOLE_OBJS := $(call objects,$(FLOORS_CONSOLE))
ENGINE_OBJS := $(call objects,$(FLOORS_ENGINE))
ALL_OBJS := $(sort $(CONSOLE_OBJS) $(ENGINE_OBJS))

# Tests. tests/*/test_*.c are programs, the other tests/*/*.c help them; an executable file tests/*/test_* is a script.
# Most wait more than they work, so four run at once, the longest first; those that load the machine or measure it run
# alone: $(ALONE).
FOLDERS := crash live screen tools demo api unit
ALONE := test_consoles test_demo test_no_request_is_lost test_keys
tests_of = $(patsubst %.c,$(BUILD)/%,$(foreach d,$(1),$(wildcard tests/$(d)/test_*.c)))
scripts_of = $(foreach d,$(1),$(filter-out %.c %.h %.md,$(wildcard tests/$(d)/test_*)))
ALL_TESTS := $(foreach d,$(FOLDERS),$(call scripts_of,$(d)) $(call tests_of,$(d)))
ALL_ALONE := $(filter $(addprefix %/,$(ALONE)),$(ALL_TESTS))
UNIT_TESTS := $(call tests_of,unit)
TESTS := $(call tests_of,$(FOLDERS)) $(BUILD)/tests/crash/crash_at.so $(BUILD)/tests/live/slow_disk.so
BENCHES := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))
HELPERS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard tests/*/test_*.c tests/*/bench_*.c tests/fuzz/*.c) tests/crash/crash_at.c tests/live/slow_disk.c tests/tools/shot.c tests/bench/smallest.c tests/screen/screenshots.c,$(wildcard tests/*/*.c)))
# A folder's helpers serve its own tests, so that a double of the engine never stands in for the engine elsewhere; those
# in tests/tools serve all; screens are shown in front of the double.
helpers_of = $(BUILD)/tests/$(1)/helpers.a $(if $(filter screen,$(1)),$(BUILD)/tests/api/helpers.a) $(BUILD)/tests/tools/helpers.a
RUN_TESTS = SLIPWAY_BUILD='$(abspath $(BUILD))' BUILD='$(BUILD)' tests/tools/run-tests -l $(BUILD)/test-logs

# The sample application. Its objects stay out of $(BUILD)/demo, which is the demo's workspace.
DEMO_BIN := $(BUILD)/demo-bin
DEMO_MAINS := $(notdir $(wildcard $(addprefix demo/src/,api.c web.c acceptance.c ci.c hammer.c)))
DEMO_PROGRAMS := $(addprefix $(DEMO_BIN)/,$(basename $(DEMO_MAINS)))
DEMO_HELPERS := $(patsubst demo/src/%.c,$(DEMO_BIN)/%.o,$(filter-out $(addprefix demo/src/,$(DEMO_MAINS)),$(wildcard demo/src/*.c)))

NPROC := $(shell nproc 2>/dev/null || echo 2)
# Uses all processors unless -j was given.
PMAKE = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(NPROC))

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/slipway $(BUILD)/slipwayd  ## builds both programs (the default)

# Says what is missing before a compiler says it in its own words.
.PHONY: have-deps
have-deps:
	@command -v $(CC) pkg-config >/dev/null && pkg-config --exists $(sort $(PKGS_CONSOLE) $(PKGS_ENGINE)) || \
		{ echo "A compiler or libraries are missing that Slipway is built with. make deps installs what is missing."; exit 1; }

$(BUILD)/%.o: %.c | have-deps
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/slipway: $(BUILD)/views/main.o $(CONSOLE_OBJS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_CONSOLE)

$(BUILD)/slipwayd: $(BUILD)/backend/main.o $(ENGINE_OBJS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ENGINE)

$(BUILD)/all.a: $(ALL_OBJS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/%/helpers.a: $(HELPERS)
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $(filter $(@D)/%,$^)

.SECONDEXPANSION:
$(BUILD)/tests/%: $(BUILD)/tests/%.o $$(call helpers_of,$$(notdir $$(@D))) $(BUILD)/all.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_TEST)

# What the console is measured by.
$(BUILD)/tests/bench/smallest: $(BUILD)/tests/bench/smallest.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(call ask_pkg,--libs,ncursesw)

# Preloaded into the engine: it dies at a chosen write, or has a slow disk.
$(BUILD)/tests/%.so: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -fPIC -shared -o $@ $< -ldl

$(DEMO_BIN)/%.o: demo/src/%.c | have-deps
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(DEMO_PROGRAMS): %: %.o $(DEMO_HELPERS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_DEMO)

.PHONY: deps deps-all
deps:  ## installs the Debian packages that are missing to build, run and test
	@.ci/install-packages build run test
deps-all:
	@.ci/install-packages build run test lint

.PHONY: unit tests programs demo-programs
programs: all
demo-programs: $(DEMO_PROGRAMS)
tests: $(TESTS)
unit: $(UNIT_TESTS)  ## builds and runs the unit tests
	@$(RUN_TESTS) --parallel $(UNIT_TESTS)

# Packages first, then make once more: what pkg-config says must be asked when they are there.
.PHONY: check check-built
check: deps  ## installs what is missing, builds, runs every test; last line: N passed, N failed
	@$(PMAKE) all demo-programs tests $(BUILD)/share/docs/docs
	@$(MAKE) --no-print-directory check-built
check-built:
	@$(RUN_TESTS) --parallel $(filter-out $(ALL_ALONE),$(ALL_TESTS)) --serial $(ALL_ALONE)

.PHONY: check-san check-san-built
check-san: deps  ## unit and API tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(PMAKE) BUILD=build-san OPT='$(SANITIZE)' all demo-programs tests
	@$(MAKE) --no-print-directory BUILD=build-san OPT='$(SANITIZE)' check-san-built
check-san-built:
	@SLIPWAY_TEST_PATIENCE=3 ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
		$(RUN_TESTS) --parallel $(call tests_of,unit api) $(call scripts_of,api)

.PHONY: check-crash
check-crash: deps  ## only the tests that kill the engine
	@$(PMAKE) all demo-programs tests
	@$(RUN_TESTS) --serial $(call tests_of,crash) $(call scripts_of,crash)

# test_store_builds holds queries to times, test_store_faults reads the exit codes of its forks, which valgrind replaces by
# its own, and test_launcher shows that the loop goes on while a thread starts a program, where valgrind stops all threads;
# check-san looks at the memory of all three, and what the launcher starts is in other programs here.
VALGRIND_TESTS = $(filter-out %/test_store_builds %/test_store_faults %/test_launcher,$(UNIT_TESTS))
.PHONY: valgrind
valgrind: deps-all  ## unit tests under valgrind
	@$(PMAKE) $(VALGRIND_TESTS)
	@tests/tools/valgrind -l $(BUILD)/valgrind-logs $(VALGRIND_TESTS)

.PHONY: fuzz
FUZZ_SECONDS ?= 30
fuzz: deps-all  ## fuzzes every reader of foreign bytes, FUZZ_SECONDS=30 each
	@CFLAGS_ALL='$(STD) $(WARN) $(CFLAGS_PKG)' LIBS_ALL='$(LIBS_TEST)' tests/tools/fuzz $(FUZZ_SECONDS)

.PHONY: analyze
analyze: deps-all  ## second compiler, gcc -fanalyzer and clang-tidy over every C file
	@CFLAGS_ALL='$(STD) $(WARN) $(CFLAGS_PKG)' tests/tools/analyze $(BUILD)/analyze

.PHONY: layers limits
layers: all  ## includes go down only; the console links no engine library
	@BUILD=$(BUILD) tests/tools/layers
limits:  ## sizes of files and functions, banned functions
	@tests/tools/limits

$(BUILD)/share/docs/docs: $(BUILD)/share/docs/docs.o $(BUILD)/all.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_CONSOLE)

.PHONY: docs
docs: all $(BUILD)/share/docs/docs  ## writes what is made from the tables: man pages, completion, schema
	@BUILD=$(BUILD) share/docs/make-docs write

.PHONY: screenshots
screenshots: deps  ## takes the pictures in screenshots/ anew
	@$(PMAKE) all $(BUILD)/tests/screen/screenshots
	@SLIPWAY_BUILD='$(abspath $(BUILD))' $(BUILD)/tests/screen/screenshots screenshots

.PHONY: bench
bench: deps  ## measures what is promised: switch, rollback, first content, lists
	@$(PMAKE) all demo-programs $(BENCHES) $(BUILD)/tests/bench/smallest
	@failed=0; for b in $(BENCHES) $(filter-out %.c %.h,$(wildcard tests/bench/bench_*)); do \
		echo "== $$b"; SLIPWAY_BUILD='$(abspath $(BUILD))' $$b || failed=1; done; exit $$failed

BINDIR := $(PREFIX)/bin
.PHONY: install
install: all  ## installs programs, man pages, completion, unit, schema (PREFIX=/usr/local DESTDIR=)
	install -d '$(DESTDIR)$(BINDIR)'
	install -m 755 $(BUILD)/slipway $(BUILD)/slipwayd '$(DESTDIR)$(BINDIR)'
	for page in $(wildcard share/man/*.[1-8]); do \
		install -D -m 644 "$$page" '$(DESTDIR)$(PREFIX)'/share/man/man"$${page##*.}"/"$${page##*/}" || exit 1; done
	install -D -m 644 share/completions/slipway.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/slipway'
	install -D -m 644 share/slipway.schema.json '$(DESTDIR)$(PREFIX)/share/slipway/slipway.schema.json'
	install -D -m 644 share/groups.schema.json '$(DESTDIR)$(PREFIX)/share/slipway/groups.schema.json'
	install -d '$(DESTDIR)$(PREFIX)/lib/systemd/system'
	sed 's|@BINDIR@|$(BINDIR)|' share/systemd/slipway.service >'$(DESTDIR)$(PREFIX)/lib/systemd/system/slipway.service'
	chmod 644 '$(DESTDIR)$(PREFIX)/lib/systemd/system/slipway.service'

.PHONY: demo demo-stop demo-reset
demo:  ## releases the sample application; opens the console on it (LIVE=1: builds arrive by themselves)
	@.ci/install-packages build run
	@$(PMAKE) -s all demo-programs
	@BUILD=$(BUILD) demo/run $(if $(LIVE),live)
demo-stop:  ## ends every process that the demo started
	@BUILD=$(BUILD) demo/run stop
demo-reset:  ## stops the demo and forgets what it deployed
	@BUILD=$(BUILD) demo/run reset

.PHONY: clean
clean:  ## removes what was built (stop the demo before: make demo-stop)
	@if [ -S $(BUILD)/demo/.slipway/slipway.sock ]; then echo "The demo may be running in $(BUILD)/demo: make demo-stop first"; exit 1; fi
	rm -rf $(BUILD) build-san build-fuzz

.PHONY: help
help:  ## lists the targets
	@awk -F '## *' '/^[a-z-]+:.*##/ { sub(/:.*/, "", $$1); printf "  %-14s %s\n", $$1, $$2 }' Makefile

.PRECIOUS: $(BUILD)/tests/%/helpers.a $(BUILD)/%.o $(DEMO_BIN)/%.o
-include $(shell find $(BUILD) -path $(BUILD)/demo -prune -o -type f -name '*.d' -print 2>/dev/null)
