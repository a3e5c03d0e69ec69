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

PKGS_SHARED := jansson libevent_core
PKGS_CONSOLE := $(PKGS_SHARED) ncursesw
PKGS_ENGINE := $(PKGS_SHARED) libevent_extra libcurl sqlite3 libarchive expat libcrypto
PKGS_TEST := cmocka vterm libpng
pkg_cflags = $(shell pkg-config --cflags $(1) 2>/dev/null)
pkg_libs = $(shell pkg-config --libs $(1) 2>/dev/null)

CFLAGS_ALL = $(STD) $(WARN) $(WERROR) $(OPT) $(EXTRA) $(CPPFLAGS) $(CFLAGS) $(call pkg_cflags,$(PKGS_CONSOLE) $(PKGS_ENGINE) $(PKGS_TEST))
LDFLAGS_ALL = $(LDHARDEN) $(EXTRA) $(LDFLAGS)

# Floors: who may be linked into what. The layer check holds the includes against the same order.
FLOORS_SHARED := backend/base backend/config backend/proto
FLOORS_CONSOLE := $(FLOORS_SHARED) backend/client tui views/command views
FLOORS_ENGINE := $(FLOORS_SHARED) backend/artifact backend/process backend/http backend/store backend/report \
	backend/drivers backend/drivers/host backend/engine backend/api

objects = $(patsubst %.c,$(BUILD)/%.o,$(filter-out views/main.c,$(foreach f,$(1),$(wildcard $(f)/*.c))))
CONSOLE_OBJS := $(call objects,$(FLOORS_CONSOLE))
ENGINE_OBJS := $(call objects,$(FLOORS_ENGINE))
ALL_OBJS := $(sort $(CONSOLE_OBJS) $(ENGINE_OBJS))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(BUILD)/slipway $(BUILD)/slipwayd  ## builds both programs (the default)

.DEFAULT_GOAL := all

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/slipway: $(BUILD)/views/main.o $(CONSOLE_OBJS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(call pkg_libs,$(PKGS_CONSOLE)) -lhttp_parser

$(BUILD)/slipwayd: $(BUILD)/backend/main.o $(ENGINE_OBJS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(call pkg_libs,$(PKGS_ENGINE))

$(BUILD)/all.a: $(ALL_OBJS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/all.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(call pkg_libs,$(PKGS_TEST) $(PKGS_CONSOLE) $(PKGS_ENGINE)) -lhttp_parser

.PHONY: unit
unit: $(UNIT_TESTS)  ## builds and runs the unit tests
	@for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

.PHONY: clean
clean:  ## removes what was built (not the demo's state: make demo-reset)
	rm -rf $(BUILD)

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
