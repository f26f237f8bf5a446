# Tunlane: `make deps dist` builds everything that users get, `make deps check` tests it. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ARCHES ?= amd64 x86 arm64 arm
BUILD ?= build
CMAKE := cmake -G Ninja
# Reproducible outputs: every time stamp is the commit's.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)

VERSION := $(shell sed -n 's/^set(PRODUCT_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9]*\))/\2/p' cmake/product.cmake | paste -sd.)
FILE := $(shell sed -n 's/^set(PRODUCT_FILE "\([^"]*\)").*/\1/p' cmake/product.cmake)

.PHONY: all help deps build-tools
all: $(ARCHES:%=build-%) ## build driver, DLL and example for all architectures (unsigned)

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22
	@echo "Variables: ARCHES=\"$(ARCHES)\"  BUILD=$(BUILD)"

deps: ## install the Debian packages that are missing (root), or name them
	@tools/deps.sh
	@tools/osslsigncode.sh $(BUILD)/osslsigncode
	@[ "$$(id -u)" != 0 ] || $(MAKE) --no-print-directory wine-root || echo "deps: without it the tests of the setup are skipped"

# ---- Windows binaries ----

.PHONY: $(ARCHES:%=build-%)
$(ARCHES:%=build-%): build-%:
	@tools/step.sh "$* binaries" $(BUILD)/log/build-$*.log -- bash -c '\
	  [ -f $(BUILD)/$*/build.ninja ] || $(CMAKE) -S . -B $(BUILD)/$* --toolchain cmake/windows.cmake -DTUN_ARCH=$*; \
	  cmake --build $(BUILD)/$*'

# ---- Distribution ----

.PHONY: dist
include signing/signing.mk

dist: all sign-tool ## build, test-sign and pack everything into dist/
	@tools/dist.sh $(BUILD) $(FILE) $(VERSION) $(ARCHES)

# ---- Tests ----

.PHONY: sim host-tests check check-long
.PHONY: $(ARCHES:%=sim-%)
sim: $(ARCHES:%=sim-%) ## build the simulator for all architectures
$(ARCHES:%=sim-%): sim-%:
	@tools/step.sh "$* simulator" $(BUILD)/log/sim-$*.log -- bash -c '\
	  [ -f $(BUILD)/sim/$*/build.ninja ] || $(CMAKE) -S tests/sim -B $(BUILD)/sim/$* --toolchain $(CURDIR)/cmake/linux-$*.cmake; \
	  cmake --build $(BUILD)/sim/$*'

host-tests: ## build the tests that run on the host
	@tools/step.sh "host tests" $(BUILD)/log/host.log -- bash -c '\
	  [ -f $(BUILD)/host/build.ninja ] || $(CMAKE) -S . -B $(BUILD)/host -DTUN_HOST_TESTS=ON; \
	  cmake --build $(BUILD)/host'

check: dist sim host-tests ## run all tests that need no Windows; ends with ctest's summary
	@tests/check.sh $(BUILD) $(FILE) short "$(ARCHES)"

check-long: dist sim host-tests ## the same with full sweeps on every architecture and system
	@tests/check.sh $(BUILD) $(FILE) long "$(ARCHES)"

.PHONY: mutants
MUTANTS ?= .
mutants: sim-amd64 ## break driver and DLL in many ways, and see each noticed by the test that it names
	@tests/mutants/mutants.sh $(BUILD) $(FILE) "$(MUTANTS)"

.PHONY: bench analyze docs
bench: ## what a packet costs in driver and session, as ratios (on the host; nothing passes or fails)
	@tools/step.sh "benchmark built" $(BUILD)/log/bench.log -- bash -c '\
	  [ -f $(BUILD)/host/build.ninja ] || $(CMAKE) -S . -B $(BUILD)/host -DTUN_HOST_TESTS=ON; \
	  cmake --build $(BUILD)/host --target bench'
	@$(BUILD)/host/tests/bench/bench

analyze: all host-tests ## static analysis of all code, scripts and layout
	@tools/analyze.sh $(BUILD) $(ARCHES)

docs: ## the documentation as pages for a browser, in build/docs
	@tools/docs.sh $(BUILD)/docs
	@echo "$(BUILD)/docs/index.html"

.PHONY: wine-root
wine-root: ## make the Debian with Wine in which the setup is tested (root; three minutes, once)
	@tools/step.sh "wine root" $(BUILD)/log/wine-root.log -- tests/installer/wine-root.sh $(BUILD)

.PHONY: demo clean
# One architecture, unless ARCHES is given; COUNT=, DURATION= and MTU= go through to the script.
DEMO_ARCHES := $(if $(filter-out file,$(origin ARCHES)),$(ARCHES),amd64)
demo: $(DEMO_ARCHES:%=build-%) $(DEMO_ARCHES:%=sim-%) ## ping and TCP across the shipped binaries, on screen (root, /dev/net/tun)
	@tests/demo/demo.sh $(BUILD) $(FILE) "$(DEMO_ARCHES)"

clean: ## remove build/ and dist/
	rm -rf $(BUILD) dist
