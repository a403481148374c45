# The two commands for a fresh Debian machine: make demo, make test. Each target installs what it needs.
# The build itself is CMake's (CMakeLists.txt, CMakePresets.json); this file only strings it together.

MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
# ON: warnings of the release build are errors too (the debug build's always are)
WERROR ?= OFF
# options of `voltbus demo`, such as --for 10s
DEMO ?=
# how long each fuzzer of `make check` runs
FUZZ_SECONDS ?= 60
CLANG_FORMAT ?= clang-format-15

SOURCES := $(shell find include src sim host cmd port test fuzz bench -name node_modules -prune -o -name '*.[ch]' -print 2>/dev/null | sort)
LIBRARY_AND_PROGRAM := $(filter src/% sim/% host/% cmd/%,$(filter %.c,$(SOURCES)))
BUILD := cmake --build --parallel $(JOBS) --preset

.PHONY: all release debug demo test format-check check fuzz tidy cppcheck valgrind long uml cross size bench prove \
        coverage format picture clean

# ---- build ----

all: release

release:
	tools/deps build
	cmake --preset release -DVOLTBUS_WERROR=$(WERROR)
	$(BUILD) release

debug:
	tools/deps build test
	cmake --preset debug
	$(BUILD) debug

demo: release
	build/release/voltbus demo $(DEMO)

# the pictures of the README: what the test of the page sees
picture: release
	PICTURES=$(CURDIR)/docs TEST_DIR=$(CURDIR)/test SOURCE_DIR=$(CURDIR) VOLTBUS=$(CURDIR)/build/release/voltbus \
	    test/e2e/dashboard.sh

# ---- test: what every change must pass ----

test: debug format-check release
	tools/check_layers
	tools/check_symbols build/release/libvoltbus.a
	ctest --preset debug --parallel $(JOBS)

format-check:
	tools/deps test
	$(CLANG_FORMAT) --dry-run -Werror $(SOURCES)

format:
	tools/deps test
	$(CLANG_FORMAT) -i $(SOURCES)

# ---- check: what takes longer ----

check: test fuzz tidy cppcheck valgrind long uml size

fuzz:
	tools/deps build check
	cmake --preset fuzz
	$(BUILD) fuzz
	tools/fuzz build/fuzz $(FUZZ_SECONDS) $(JOBS)

# the rules are in .clang-tidy
tidy: debug
	tools/deps check
	printf '%s\n' $(LIBRARY_AND_PROGRAM) | xargs -P $(JOBS) -n 4 clang-tidy --quiet -p build/debug

# uninitvar, ctuuninitvar: take every address of a buffer or struct for a reading; clang-tidy and valgrind do it better
cppcheck:
	tools/deps check
	cppcheck --quiet -j $(JOBS) --std=c11 --error-exitcode=1 --inline-suppr -I include -I src -I . \
	    --enable=warning,performance,portability --suppress=missingIncludeSystem --suppress=uninitvar \
	    --suppress=ctuuninitvar \
	    $(LIBRARY_AND_PROGRAM)

# uninitialised memory, which the sanitizers of `make test` do not see
valgrind:
	tools/deps build test check
	cmake --preset valgrind
	$(BUILD) valgrind
	for program in build/valgrind/test/test_*; do \
	    if [ -x $$program ] && [ -f $$program ]; then \
	        VOLTBUS_LONG=1 valgrind -q --error-exitcode=1 --leak-check=full $$program || exit 1; \
	    fi; \
	done

# what Frama-C can show, where it is installed
prove:
	tools/prove

# CAN interfaces of a real kernel; PEERS=DIR: also DIR/socketcand and DIR/cannelloni, see test/uml/run
uml: release
	tools/deps check
	test/uml/run build/release/voltbus || test $$? = 77

# long random runs: as many times the usual ones
LONG ?= 25
long: debug
	VOLTBUS_LONG=$(LONG) build/debug/test/test_lin
	VOLTBUS_LONG=$(LONG) build/debug/test/test_exi_alike
	VOLTBUS_LONG=$(LONG) build/debug/test/test_history
	VOLTBUS_LONG=$(LONG) build/debug/test/test_lin_leader
	VOLTBUS_LONG=$(LONG) build/debug/test/test_rapi_random

# ---- microcontrollers, measurements ----

cross:
	tools/deps build cross
	cmake --preset cortex-m0plus
	$(BUILD) cortex-m0plus
	cmake --preset cortex-m
	$(BUILD) cortex-m

size: cross
	tools/size M0+=build/cortex-m0plus/libvoltbus.a M4=build/cortex-m/libvoltbus.a

# PEERS=DIR: the EXI codecs of others, see bench/exi/run; BENCH=exi: only that part of bench/run
BENCH ?=
bench: release
	tools/deps bench cross
	cmake --preset cortex-m
	$(BUILD) cortex-m
	bench/run $(BENCH)

coverage:
	tools/deps build test check
	cmake --preset coverage
	$(BUILD) coverage
	ctest --preset coverage --parallel $(JOBS)
	gcovr --root . --filter src/ --filter sim/ --filter host/ --filter cmd/ build/coverage

clean:
	rm -rf build
